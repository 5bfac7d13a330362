package idc

import (
	"fmt"
	"os"
	"path/filepath"
)

// A client's services, in AWS's spelling: of the variables, and of the model files.
var services = [...]struct{ variable, model string }{
	{"SSO", "sso/2019-06-10"},
	{"SSO_OIDC", "sso-oidc/2019-06-10"},
	{"STS", "sts/2011-06-15"},
	{"SIGNIN", "signin/2023-01-01"},
	{"SSO_ADMIN", "sso-admin/2020-07-20"},
	{"IDENTITYSTORE", "identitystore/2020-06-15"},
	{"ORGANIZATIONS", "organizations/2016-11-28"},
}

// Environment are the variables, as NAME=VALUE, that make AWS clients use the
// Identity Center at url: endpoints for those that know them, and for AWS CLIs older
// than 2.13 the folder of the rule sets, if it is not empty.
func Environment(url, models string) []string {
	var environ []string
	for _, s := range services {
		environ = append(environ, "AWS_ENDPOINT_URL_"+s.variable+"="+url)
	}
	if models != "" {
		environ = append(environ, "AWS_DATA_PATH="+models)
	}
	return environ
}

// ProxyEnvironment are the variables that make clients use it which know no endpoint
// settings: they reach AWS's host names through the proxy, and trust its CA.
func ProxyEnvironment(url, ca string) []string {
	return []string{
		"HTTPS_PROXY=" + url, "https_proxy=" + url, "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost",
		"AWS_CA_BUNDLE=" + ca, "SSL_CERT_FILE=" + ca, "NODE_EXTRA_CA_CERTS=" + ca, "NODE_USE_ENV_PROXY=1",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// WriteRuleSets fills dir with endpoint rule sets that send every region to url,
// for AWS_DATA_PATH.
func WriteRuleSets(dir, url string) error {
	const format = `{"version":"1.0","parameters":{},"rules":[{"conditions":[],"endpoint":{"url":%q},"type":"endpoint"}]}`
	rules := fmt.Sprintf(format, url)
	for _, service := range services {
		folder := filepath.Join(dir, filepath.FromSlash(service.model))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "endpoint-rule-set-1.json"), []byte(rules), 0o600); err != nil {
			return err
		}
	}
	return nil
}
