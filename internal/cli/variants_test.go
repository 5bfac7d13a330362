package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// A host that does not exist is explained by the setting that led to it, and the hint takes that away.
func TestVariantsThatDoNotExist(t *testing.T) {
	at := awsconfig.Origin{File: filepath.FromSlash("/home/me/.aws/config"), Line: 7}
	p := awsconfig.Profile{UseFIPS: awsconfig.Switch{Value: "true", Origin: at}}
	p.Session.StartURL = "https://ssoins-0123456789abcdef.portal.eu-west-1.app.aws"
	for _, x := range []struct{ env, host, fact, hint string }{
		{
			"", "oidc-fips.eu-west-1.amazonaws.com", "use_fips_endpoint (~/.aws/config:7)",
			"take use_fips_endpoint out of ~/.aws/config",
		},
		{fipsVariable + "=True", "portal.sso-fips.eu-west-1.amazonaws.com", fipsVariable, "unset " + fipsVariable},
		{
			dualStackVariable + "=true", "oidc.cn-north-1.api.amazonwebservices.com.cn", dualStackVariable,
			"unset " + dualStackVariable,
		},
		{"", "oidc.eu-west-1.api.aws", "the start URL " + p.Session.StartURL, "set " + dualStackVariable + "=false"},
		{"", "oidc.eu-west-1.amazonaws.com", "", "as before"},
		{fipsVariable + "=true", "oidc-fips.example.com", "", "as before"},
	} {
		a := &App{World: World{Home: filepath.FromSlash("/home/me"), Environ: []string{x.env}}, inForce: p}
		r := report{Hint: "as before"}
		a.explainVariant(&identitycenter.APIError{
			Endpoint: "https://" + x.host, Kind: identitycenter.ErrUnavailable,
			Description: "lookup " + x.host + ": no such host",
		}, &r)
		facts, hint := filepath.ToSlash(strings.Join(r.Facts, "")), filepath.ToSlash(r.Hint)
		named := strings.Contains(facts, x.host+" is a ") && strings.Contains(facts, x.fact)
		if hint != x.hint || x.fact != "" && !named || x.fact == "" && facts != "" {
			t.Errorf("%s %s: %q, hint %q", x.env, x.host, facts, hint)
		}
	}
}
