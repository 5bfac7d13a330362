package idc

import (
	"fmt"
	"os"
	"path/filepath"
)

// services are those that clients call, in AWS's spelling: for the variables, and for the model files.
var services = [...]struct{ variable, model string }{
	{"SSO", "sso/2019-06-10"},
	{"SSO_OIDC", "sso-oidc/2019-06-10"},
	{"STS", "sts/2011-06-15"},
	{"SIGNIN", "signin/2023-01-01"},
	{"SSO_ADMIN", "sso-admin/2020-07-20"},
	{"IDENTITYSTORE", "identitystore/2020-06-15"},
	{"ORGANIZATIONS", "organizations/2016-11-28"},
}

// Environment returns the variables, as NAME=VALUE, that point AWS clients at the Identity Center at url: endpoints for
// recent clients, and for AWS CLIs before 2.13 the folder of rule sets, unless models is empty.
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

// ProxyEnvironment returns the variables for clients without endpoint settings: they reach AWS's host names through the
// proxy, and trust its CA.
func ProxyEnvironment(url, ca string) []string {
	return []string{
		"HTTPS_PROXY=" + url, "https_proxy=" + url, "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost",
		"AWS_CA_BUNDLE=" + ca, "REQUESTS_CA_BUNDLE=" + ca, "CURL_CA_BUNDLE=" + ca, "SSL_CERT_FILE=" + ca,
		"NODE_EXTRA_CA_CERTS=" + ca, "NODE_USE_ENV_PROXY=1",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// WriteRuleSets fills dir with endpoint rule sets that send every region to url, for AWS_DATA_PATH.
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
