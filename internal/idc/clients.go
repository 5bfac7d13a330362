package idc

import (
	"fmt"
	"os"
	"path/filepath"
)

// Environment are the variables, as NAME=VALUE, that make AWS clients use the
// Identity Center at url.
func Environment(url string) []string {
	return []string{"AWS_ENDPOINT_URL_SSO=" + url, "AWS_ENDPOINT_URL_SSO_OIDC=" + url, "AWS_ENDPOINT_URL_STS=" + url}
}

// ruleSets are the services whose endpoint AWS CLIs older than 2.13 take from a
// file below AWS_DATA_PATH: they know no endpoint variables.
var ruleSets = [...]string{"sso/2019-06-10", "sso-oidc/2019-06-10", "sts/2011-06-15"}

// WriteRuleSets fills dir with endpoint rule sets that send every region to url,
// for AWS_DATA_PATH.
func WriteRuleSets(dir, url string) error {
	rules := fmt.Sprintf(`{"version":"1.0","parameters":{},"rules":[{"conditions":[],"endpoint":{"url":%q},"type":"endpoint"}]}`, url)
	for _, service := range ruleSets {
		folder := filepath.Join(dir, filepath.FromSlash(service))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "endpoint-rule-set-1.json"), []byte(rules), 0o600); err != nil {
			return err
		}
	}
	return nil
}
