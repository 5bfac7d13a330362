//go:build linux

package e2e

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/identitycenter"
)

// A vanity is a company's own host for its start URL, which leads to wherever it is told.
type vanity struct {
	url   string
	leads func(w http.ResponseWriter, r *http.Request)
	asked atomic.Int32
}

// vanityWorld is a world that trusts such a host, and has it as the start URL of corp.
func vanityWorld(t *testing.T, leads http.HandlerFunc, config string) (*world, *vanity) {
	t.Helper()
	w, v := aWorld(t, oidc.Options{}), &vanity{leads: leads}
	server := httptest.NewTLSServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		v.asked.Add(1)
		v.leads(answer, r)
	}))
	t.Cleanup(server.Close)
	v.url = server.URL + "/aws"
	bundle := filepath.Join(w.home, "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	w.variables = append(w.variables, "AWS_CA_BUNDLE="+bundle)
	text := strings.ReplaceAll(config, "START", v.url)
	if err := os.WriteFile(filepath.Join(w.home, ".aws", "config"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.store().GiveEndpoints(v.url, identitycenter.Endpoints{OIDC: w.url, Portal: w.url}); err != nil {
		t.Fatal(err)
	}
	return w, v
}

func to(url string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url, status) }
}

const vanityConfig = `[sso-session corp]
sso_start_url = START
sso_region = us-east-1
[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
region = eu-central-1
`

// without takes a line out of a config file.
func without(config, key string) string {
	lines := strings.SplitAfter(config, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, key+" ") {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "")
}

// A start URL of a company's own means the same to the AWS CLI and rolecall: each uses and renews the other's token,
// whose file names the start URL as it is configured. Both write the region that the resolved host holds.
func TestAStartURLOfOnesOwn(t *testing.T) {
	instance := "https://ssoins-0123456789abcdef.portal.eu-west-1.app.aws"
	for _, x := range []struct{ name, config, leads, region string }{
		{"awsapps", vanityConfig, "https://d-1234567890.awsapps.com/start/#/", "us-east-1"},
		{"the host has the region", vanityConfig, instance + "/", "eu-west-1"},
		{"without sso_region", without(vanityConfig, "sso_region"), instance, "eu-west-1"},
		{"legacy", `[profile dev]
sso_start_url = START
sso_account_id = 111122223333
sso_role_name = Admin
region = eu-central-1
`, instance, "eu-west-1"},
	} {
		t.Run(x.name, func(t *testing.T) {
			aws := sidAWS(t)
			w, v := vanityWorld(t, to(x.leads, http.StatusFound), x.config)
			check := func(tool string) {
				t.Helper()
				session := identitycenter.SSOSession{StartURL: v.url}
				if x.name != "legacy" {
					session.Name = "corp"
				}
				token, err := w.store().Token(t.Context(), session)
				if err != nil || token.StartURL != v.url || token.Region != x.region {
					t.Errorf("the token of %s is of %q in %q, want %q in %q (%v)", tool, token.StartURL, token.Region, v.url,
						x.region, err)
				}
				config, err := os.ReadFile(filepath.Join(w.home, ".aws", "config"))
				if err != nil || strings.Count(string(config), "sso_region = "+x.region+"\n") != 1 {
					t.Errorf("after %s: %v\n%s", tool, err, config)
				}
			}
			w.signIn(t, "rolecall", "login", "dev")
			check("rolecall")
			n := v.asked.Load()
			if out := w.must(t, aws.command("sts", "get-caller-identity", "--profile", "dev")...); !strings.Contains(out,
				callerIs) {
				t.Errorf("the AWS CLI with rolecall's token: %s", out)
			}
			w.must(t, "rolecall", "process", "--profile", "dev")
			if v.asked.Load() != n {
				t.Error("the start URL was asked by a command that signs nobody in")
			}
			w.awsSignIn(t, aws, "--profile", "dev")
			check("the AWS CLI")
			if out := w.must(t, "rolecall", "whoami", "dev"); !strings.Contains(out, callerIs) {
				t.Errorf("rolecall with the AWS CLI's token: %s", out)
			}
		})
	}
}

// A start URL of a company's own is followed once, and to AWS's hosts only. Otherwise nobody is asked to sign in, and
// the message names both ends.
func TestAStartURLThatLeadsElsewhere(t *testing.T) {
	own := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	for name, x := range map[string]struct {
		leads http.HandlerFunc
		code  int
		says  string
	}{
		"elsewhere":   {to("https://attacker.example/start?token", 302), 7, "redirects to https://attacker.example, which"},
		"alike":       {to("https://awsapps.com.attacker.example/start", 301), 7, "awsapps.com.attacker.example"},
		"plain http":  {to("http://d-1234567890.awsapps.com/start", 307), 7, "redirects to http://d-1234567890.awsapps.com"},
		"with a port": {to("https://d-1234567890.awsapps.com:8443/start", 308), 7, "d-1234567890.awsapps.com:8443"},
		"down":        {own(503), 5, "HTTP status 503"},
		"a page":      {own(200), 6, `"corp" has no sso_region`},
	} {
		t.Run(name, func(t *testing.T) {
			w, v := vanityWorld(t, x.leads, without(vanityConfig, "sso_region"))
			aws := []string{"env", "-u", "AWS_ENDPOINT_URL_SSO_OIDC", "-u", "AWS_ENDPOINT_URL_SSO", "rolecall"}
			for _, args := range [][]string{{"login", "dev"}, {"process", "--profile", "dev"}} {
				r := w.run(t, append(aws, args...)...)
				host := strings.TrimSuffix(v.url, "/aws")
				if r.code != x.code || !strings.Contains(r.stderr, x.says) || !strings.Contains(r.stderr, host) {
					t.Errorf("%s: exit code %d\n%s", args[0], r.code, r.stderr)
				}
			}
		})
	}
}
