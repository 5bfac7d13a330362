//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/proxy"
)

// An ssoCase is one of those by which the Rust SDK tests its SSO credentials, in aws-config/test-data:
// default-credential-provider-chain/{sso_assume_role, sso_no_token_file, sso_server_error, e2e_fips_and_dual_stack_sso}
// and profile-provider/{sso_credentials, sso_token, invalid_sso_credentials_config, sso_override_global_env_url}.
// Account ids have twelve digits here, as real ones do, and keys live for an hour.
type ssoCase struct {
	name, config, profile string
	environ               []string
	tokenFile, token      string // "" for none: the name in ~/.aws/sso/cache without .json
	status                int    // of the portal's answer
	asked                 string // the request, "" for none
	code                  int
	stderr                string
}

const (
	legacySSO = "[profile sso-test]\nsso_start_url = https://ssotest.awsapps.com/start\nsso_region = us-east-2\n" +
		"sso_account_id = 000123456789\nsso_role_name = MySsoRole\nregion = us-east-2\n"
	legacyFile  = "dace00cba5f8355ec9d274ceb2bcebdfbeed0e12"
	sessionSSO  = "[profile default]\nsso_session = dev\nregion = us-east-1\n"
	sessionRole = "sso_account_id = 012345678901\nsso_role_name = SampleRole\n"
	sessionDev  = "\n[sso-session dev]\nsso_region = us-east-1\nsso_start_url = https://d-abc123.awsapps.com/start\n"
	sessionFile = "34c6fceca75e456f25e7e99531e2425c6c1de443"
)

func ssoCases() []ssoCase {
	const (
		legacyPath = "/federation/credentials?account_id=000123456789&role_name=MySsoRole a-token"
		samplePath = "/federation/credentials?account_id=012345678901&role_name=SampleRole secret-access-token"
	)
	return []ssoCase{
		{
			name: "sso_assume_role", config: legacySSO, profile: "sso-test", tokenFile: legacyFile, token: "a-token",
			status: 200, asked: "portal.sso.us-east-2.amazonaws.com" + legacyPath,
		},
		{
			name: "sso_no_token_file", config: legacySSO, profile: "sso-test", tokenFile: "differenthash", token: "a-token",
			code: 3, stderr: "login required",
		},
		{
			name: "sso_server_error", config: legacySSO, profile: "sso-test", tokenFile: legacyFile, token: "a-token",
			status: 503, asked: "portal.sso.us-east-2.amazonaws.com" + legacyPath, code: 5, stderr: "HTTP status 503",
		},
		{
			name: "e2e_fips_and_dual_stack_sso", config: legacySSO, profile: "sso-test", tokenFile: legacyFile, token: "a-token",
			environ: []string{"AWS_REGION=us-west-2", "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"},
			status:  200, asked: "portal.sso-fips.us-east-2.api.aws" + legacyPath,
		},
		{
			name: "sso_credentials", config: sessionSSO + sessionRole + sessionDev, profile: "default", tokenFile: sessionFile,
			token: "secret-access-token", status: 200, asked: "portal.sso.us-east-1.amazonaws.com" + samplePath,
		},
		{
			name: "sso_token", config: sessionSSO + sessionDev, profile: "default", tokenFile: sessionFile,
			token: "secret-access-token", code: 6, stderr: "sso_account_id: is missing",
		},
		{
			name: "invalid_sso_credentials_config", config: sessionSSO + "sso_role_name = SampleRole\n" + sessionDev,
			profile: "default", code: 6, stderr: "sso_account_id: is missing",
		},
		{
			// The SDK sends the token to that host. rolecall sends a token to its issuer alone (decision 2), and this one
			// is AWS's.
			name: "sso_override_global_env_url", config: sessionSSO + sessionRole + sessionDev, profile: "default",
			environ:   []string{"AWS_ENDPOINT_URL=http://aws.global-env-override"},
			tokenFile: sessionFile, token: "secret-access-token", status: 200,
			asked: "portal.sso.us-east-1.amazonaws.com" + samplePath,
		},
	}
}

func TestTheSDKsCasesOfSSOCredentials(t *testing.T) {
	for _, c := range ssoCases() {
		t.Run(c.name, func(t *testing.T) {
			aws := newAWS(t, c.status)
			cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "rolecall"), "process", "--profile", c.profile)
			cmd.Env = append(aws.person(t, c), c.environ...)
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("exit code %d, want %d: %s", code, c.code, &stderr)
			}
			aws.mu.Lock()
			defer aws.mu.Unlock()
			for _, asked := range aws.asked {
				if asked != c.asked {
					t.Errorf("it asked %s, want %s", asked, c.asked)
				}
			}
			if (len(aws.asked) > 0) != (c.asked != "") {
				t.Errorf("it asked %q, want %q", aws.asked, c.asked)
			}
			if c.code != 0 {
				return
			}
			var keys struct{ AccessKeyID, SecretAccessKey, SessionToken string }
			if err := json.Unmarshal([]byte(stdout.String()), &keys); err != nil || keys.AccessKeyID != "ASIARCORRECT000000" ||
				keys.SecretAccessKey != "secretkeycorrect" || keys.SessionToken != "tokencorrect" {
				t.Errorf("%v: %s", err, stdout.String())
			}
		})
	}
}

// An awsPortal is AWS's own host names, and what they were asked.
type awsPortal struct {
	url, ca string

	mu    sync.Mutex
	asked []string
}

// newAWS answers every request to AWS's hosts with a status, and keys if that is 200.
func newAWS(t *testing.T, status int) *awsPortal {
	t.Helper()
	p := &awsPortal{}
	ca, path, err := proxy.OpenCA(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	through := proxy.New(ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Host+r.URL.Path+"?"+r.URL.Query().Encode()+" "+r.Header.Get("x-amz-sso_bearer_token"))
		p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if status == http.StatusOK {
			fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"ASIARCORRECT000000","secretAccessKey":"secretkeycorrect",`+
				`"sessionToken":"tokencorrect","expiration":%d}}`, time.Now().Add(time.Hour).UnixMilli())
		}
	}), nil, nil)
	server := httptest.NewServer(through)
	t.Cleanup(func() { server.Close(); _ = through.Close() })
	p.url, p.ca = server.URL, path
	return p
}

// person is the environment of somebody with the case's files.
func (p *awsPortal) person(t *testing.T, c ssoCase) []string {
	t.Helper()
	home := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(home, ".aws", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("config", c.config)
	if c.tokenFile != "" {
		start, region := "https://d-abc123.awsapps.com/start", "us-east-1"
		if c.profile == "sso-test" {
			start, region = "https://ssotest.awsapps.com/start", "us-east-2"
		}
		write("sso/cache/"+c.tokenFile+".json", fmt.Sprintf(
			`{"accessToken":%q,"expiresAt":"2199-11-14T04:05:45Z","region":%q,"startUrl":%q}`, c.token, region, start))
	}
	return append(idc.ProxyEnvironment(p.url, p.ca), "HOME="+home, "PATH="+os.Getenv("PATH"), "TZ=UTC", "BROWSER=true")
}
