//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const matrixProfile = "local-payments-dev-Admin"

var isAlice = regexp.MustCompile(`arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_[0-9a-f]{16}/alice`)

// awsSignIns are the ways in which an AWS CLI signs in.
func (a awsCLI) signIns() map[string][]string {
	login := func(args ...string) []string {
		return a.command(append([]string{"sso", "login", "--profile", matrixProfile}, args...)...)
	}
	if !a.pkce {
		return map[string][]string{"device code": login()}
	}
	return map[string][]string{"device code": login("--use-device-code"), "PKCE": login()}
}

// Each client is the unmodified one that people use. Those in mode "proxy" believe they are talking to AWS.
func TestClientMatrix(t *testing.T) {
	if out, err := exec.Command("/usr/bin/python3", "-c", "import boto3").CombinedOutput(); err != nil {
		t.Fatalf("boto3 is not there: %v %s\ninstall it: make needs", err, out)
	}
	if _, err := os.Stat("testdata/js/node_modules/@aws-sdk/client-sts"); err != nil {
		t.Fatalf("the AWS SDK for JavaScript is not there: %v\ninstall it: make needs", err)
	}
	script, err := filepath.Abs("testdata/js/whoami.mjs")
	if err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs("testdata/whoami.py")
	if err != nil {
		t.Fatal(err)
	}
	eachAWS(t, func(t *testing.T, aws awsCLI) {
		for _, mode := range []string{"endpoints", "proxy"} {
			clients := map[string][]string{
				"AWS CLI": aws.command("sts", "get-caller-identity", "--profile", matrixProfile),
				"boto3":   {"/usr/bin/python3", python, matrixProfile},
			}
			if mode == "endpoints" { // the SDK for JavaScript knows no proxies
				clients["AWS SDK for JavaScript"] = []string{"node", script, matrixProfile}
			}
			for name, signIn := range aws.signIns() {
				t.Run(mode+", "+name, func(t *testing.T) { matrix(t, mode, signIn, clients, aws) })
			}
		}
	})
}

// matrix has alice sign in with the AWS CLI, and runs all clients with that sign-in.
func matrix(t *testing.T, mode string, signIn []string, clients map[string][]string, aws awsCLI) {
	s := serve(t, filepath.Join(t.TempDir(), "home"))
	configure := []string{"rolecall", "idc", "configure", "--url", s.url, "--user", "alice"}
	if mode == "proxy" {
		configure = append(configure, "--proxy")
		signIn = append([]string{"env", "BROWSER=browse %s &"}, signIn...) // the page is at AWS's own host
	}
	s.must(t, nil, configure...)
	s.signIn(t, s.in(mode, signIn...)...)
	for name, argv := range clients {
		t.Run(name, func(t *testing.T) {
			s.forgetKeys(t)
			if out := s.must(t, nil, s.in(mode, argv...)...); !isAlice.MatchString(out) {
				t.Errorf("it is %s", out)
			}
			before := s.refreshes(t)
			s.forgetKeys(t)
			s.endToken(t)
			if out := s.must(t, nil, s.in(mode, argv...)...); !isAlice.MatchString(out) {
				t.Errorf("after a refresh it is %s", out)
			}
			if after := s.refreshes(t); after == before {
				t.Errorf("there was no refresh: %s before, %s after", before, after)
			}
		})
	}
	// rolecall uses that sign-in without a question, and the AWS CLI signs out of it.
	if out := s.must(t, nil, s.in(mode, "rolecall", "whoami", matrixProfile)...); !isAlice.MatchString(out) {
		t.Errorf("rolecall: it is %s", out)
	}
	if aws.pkce { // the old one has no such command
		if out := s.must(t, nil, s.in(mode, aws.command("configure", "export-credentials", "--profile",
			matrixProfile)...)...); !strings.Contains(out, `"AccessKeyId": "ASIA`) {
			t.Errorf("export-credentials: %s", out)
		}
	}
	token := strings.TrimSpace(s.must(t, nil, s.in(mode, "rolecall", "token", "--reveal", matrixProfile)...))
	if out := s.must(t, nil, s.in(mode, aws.command("sso", "list-accounts", "--access-token", token, "--region",
		"us-east-1")...)...); !strings.Contains(out, `"accountName": "payments-dev"`) {
		t.Errorf("list-accounts: %s", out)
	}
	s.must(t, nil, s.in(mode, aws.command("sso", "logout")...)...)
	paths, err := filepath.Glob(filepath.Join(s.home, ".aws", "sso", "cache", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if data, err := os.ReadFile(path); err != nil || bytes.Contains(data, []byte("accessToken")) {
			t.Errorf("after aws sso logout %s is there: %v", path, err)
		}
	}
}

// Clients that are made with Python's requests, and curl, trust the proxy's CA by variables of their own.
func TestOtherClientsThroughTheProxy(t *testing.T) {
	s := serve(t, filepath.Join(t.TempDir(), "home"))
	const address = "https://portal.sso.us-east-1.amazonaws.com/assignment/accounts"
	for name, argv := range map[string][]string{
		"requests": {"/usr/bin/python3", "-c", "import requests; print(requests.get('" + address + "').status_code)"},
		"curl":     {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", address},
	} {
		if out := s.must(t, nil, s.in("proxy", argv...)...); strings.TrimSpace(out) != "401" {
			t.Errorf("%s: %s, want 401: no token", name, out)
		}
	}
}

// A newcomer sets everything up with "aws configure sso" alone.
func TestAWSConfigureSSO(t *testing.T) {
	t.Parallel()
	aws := sidAWS(t)
	s := serve(t, filepath.Join(t.TempDir(), "home"))
	info := s.must(t, nil, "rolecall", "idc", "env", "--url", s.url)
	if !strings.Contains(info, "AWS_ENDPOINT_URL_SSO=") {
		t.Fatal(info)
	}
	startURL := regexp.MustCompile(`sso_start_url = (https://d-[0-9a-f]{10}\.awsapps\.com/start)`)
	start := startURL.FindStringSubmatch(s.output)
	if start == nil {
		t.Fatalf("no start URL of AWS's form in:\n%s", s.output)
	}
	person := aTerminal{user: "alice", types: []typing{
		{"SSO session name", "corp\r"},
		{"SSO start URL", start[1] + "\r"},
		{"SSO region", "us-east-1\r"},
		{"SSO registration scopes", "\r"},
		{"shared-services, ", "\r"}, // the menu's last line
		{"Default client Region", "us-east-1\r"},
		{"CLI default output format", "json\r"},
		{"Profile name", "mine\r"},
	}}
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	argv := s.in("endpoints", append([]string{"sh", "-c", `exec "$@" >&2`, "sh"}, aws.command("configure", "sso")...)...)
	code, screen, err := person.run(ctx, argv, s.environ(), io.Discard)
	if err != nil || code != 0 {
		t.Fatalf("exit code %d, %v\n%s", code, err, screen)
	}
	for _, who := range [][]string{{"rolecall", "whoami", "mine"}, aws.command("sts", "get-caller-identity", "--profile",
		"mine")} {
		if out := s.must(t, nil, s.in("endpoints", who...)...); !strings.Contains(out, "/alice") {
			t.Errorf("%v: %s", who, out)
		}
	}
}

// aws-sdk-go-v2 as any Go program would use it, with an sso-session and with a legacy profile.
func TestGoSDKInTheMatrix(t *testing.T) {
	s := serve(t, filepath.Join(t.TempDir(), "home"))
	s.must(t, nil, "rolecall", "idc", "configure", "--url", s.url, "--user", "alice")
	path := filepath.Join(s.home, ".aws", "config")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(file, "\n[profile legacy]\nsso_start_url = %s/start\nsso_region = us-east-1\n"+
		"sso_account_id = 111122223333\nsso_role_name = Admin\nservices = local\n", s.url)
	if err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", s.home)
	t.Setenv("AWS_CONFIG_FILE", path)
	for _, name := range []string{matrixProfile, "legacy"} {
		s.must(t, nil, "rm", "-rf", filepath.Join(s.home, ".aws", "sso"))
		s.signIn(t, "rolecall", "login", name)
		whoami := func() {
			t.Helper()
			c, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile(name), config.WithRegion("us-east-1"))
			if err != nil {
				t.Fatal(err)
			}
			out, err := sts.NewFromConfig(c).GetCallerIdentity(t.Context(), nil)
			if err != nil || !isAlice.MatchString(*out.Arn) {
				t.Errorf("%s: %v, %v", name, out, err)
			}
		}
		whoami()
		if name == "legacy" { // its tokens cannot be refreshed
			return
		}
		s.endToken(t)
		whoami()
		if s.refreshes(t) != "1" {
			t.Errorf("refreshed %s times", s.refreshes(t))
		}
	}
}

// The administrator's side with the AWS CLI's own commands.
func TestAdministratorWithTheAWSCLI(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"endpoints", "proxy"} {
		t.Run(mode, func(t *testing.T) {
			s := serve(t, filepath.Join(t.TempDir(), "home"))
			admin := func(into any, args ...string) {
				t.Helper()
				out := s.must(t, s.adminEnviron, s.in(mode, append([]string{oldAWS, "--output", "json"}, args...)...)...)
				if into == nil {
					return
				}
				if err := json.Unmarshal([]byte(out), into); err != nil {
					t.Fatalf("%v: %v in %s", args, err, out)
				}
			}
			var instances struct {
				Instances []struct{ InstanceArn, IdentityStoreID string }
			}
			admin(&instances, "sso-admin", "list-instances")
			instance := instances.Instances[0]
			var set struct {
				PermissionSet struct{ PermissionSetArn string }
			}
			admin(&set, "sso-admin", "create-permission-set", "--instance-arn", instance.InstanceArn, "--name", "Tester",
				"--session-duration", "PT2H")
			var user struct{ UserID string }
			admin(&user, "identitystore", "create-user", "--identity-store-id", instance.IdentityStoreID, "--user-name", "dora",
				"--display-name", "Dora D",
				"--name", "GivenName=Dora,FamilyName=D", "--emails", "Value=dora@example.com,Type=work,Primary=true")
			admin(nil, "sso-admin", "create-account-assignment", "--instance-arn", instance.InstanceArn, "--target-id",
				"555566667777", "--target-type", "AWS_ACCOUNT",
				"--permission-set-arn", set.PermissionSet.PermissionSetArn, "--principal-type", "USER", "--principal-id",
				user.UserID)
			var given struct {
				AccountAssignments []struct{ PrincipalID string }
			}
			admin(&given, "sso-admin", "list-account-assignments", "--instance-arn", instance.InstanceArn, "--account-id",
				"555566667777",
				"--permission-set-arn", set.PermissionSet.PermissionSetArn)
			if len(given.AccountAssignments) != 1 || given.AccountAssignments[0].PrincipalID != user.UserID {
				t.Errorf("assigned: %+v", given)
			}
			var accounts struct{ Accounts []struct{ ID string } }
			admin(&accounts, "organizations", "list-accounts")
			if len(accounts.Accounts) < 5 {
				t.Errorf("accounts: %+v", accounts)
			}
			if out := s.must(t, s.adminEnviron, s.in(mode, oldAWS, "sts", "get-caller-identity")...); !strings.Contains(out,
				":user/administrator") {
				t.Errorf("the administrator is %s", out)
			}
		})
	}
}
