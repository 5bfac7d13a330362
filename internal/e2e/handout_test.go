//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

// gosdk is the command "gosdk TIMES PAUSE": the Go SDK with its default chain, in one process; it prints who it is, and
// with which key, each time.
func gosdkMain() {
	times, err := strconv.Atoi(os.Args[1])
	check(err)
	pause, err := time.ParseDuration(os.Args[2] + "s")
	check(err)
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	check(err)
	client := sts.NewFromConfig(settings)
	for i := range times {
		if i > 0 {
			time.Sleep(pause)
		}
		who, err := client.GetCallerIdentity(ctx, nil)
		check(err)
		keys, err := settings.Credentials.Retrieve(ctx)
		check(err)
		fmt.Println(*who.Arn, keys.AccessKeyID)
	}
}

// A chainClient is a real client with its default chain, which prints who it is TIMES times, with PAUSE in between.
type chainClient struct {
	old     bool // it knows the token only as a variable
	command func(times int, pause float64) []string
}

// served is the client's command line under exec --serve of dev.
func (c chainClient) served(times int, pause float64) []string {
	argv := []string{"rolecall", "exec", "--serve", "dev", "--"}
	if c.old {
		argv = []string{"rolecall", "exec", "--serve", "--token-variable", "dev", "--"}
	}
	return append(argv, c.command(times, pause)...)
}

func chainClients(t *testing.T) map[string]chainClient {
	t.Helper()
	python, err := filepath.Abs("testdata/chain.py")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/js/chain.mjs")
	if err != nil {
		t.Fatal(err)
	}
	with := func(argv ...string) func(int, float64) []string {
		return func(times int, pause float64) []string {
			return append(argv[:len(argv):len(argv)], strconv.Itoa(times), fmt.Sprint(pause))
		}
	}
	again := func(aws awsCLI) func(int, float64) []string { // a process each time
		return func(times int, pause float64) []string {
			loop := `n=$1 p=$2; shift 2; while [ $n -gt 0 ]; do "$@" || exit; n=$((n-1)); [ $n = 0 ] || sleep $p; done`
			return append([]string{"sh", "-c", loop, "sh", strconv.Itoa(times), fmt.Sprint(pause)},
				aws.command("sts", "get-caller-identity", "--query", "Arn", "--output", "text")...)
		}
	}
	clients := map[string]chainClient{
		"boto3": {true, with("/usr/bin/python3", python)}, "Go": {false, with("gosdk")},
		"JavaScript":                {false, with("node", script)},
		"AWS CLI " + awsVersions[0]: {true, again(bookwormAWS(t))},
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("HOME"), ".cache", "rolecall-lanes", "awscli")); err == nil ||
		os.Getenv("ROLECALL_CACHE") != "" || os.Getenv("ROLECALL_LANES") == "require" {
		clients["AWS CLI "+awsVersions[1]] = chainClient{false, again(sidAWS(t))}
	}
	return clients
}

var isAdmin = regexp.MustCompile(`(?m)^arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_[0-9a-f]{16}/alice`)

// servedWorld is a world whose person is signed in, and has a config file with more at its end.
func servedWorld(t *testing.T, more string) *world {
	t.Helper()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	path := filepath.Join(w.home, ".aws", "config")
	if err := editFile(path, func(text string) string { return text + more }); err != nil {
		t.Fatal(err)
	}
	return w
}

// shortKeys limits the life of Admin's keys, and forgets the current ones.
func (w *world) shortKeys(t *testing.T, life time.Duration) {
	t.Helper()
	err := w.data.Store.Update(t.Context(), func(tx store.Tx) error {
		set, err := directory.PermissionSets().Find(tx, "name:Admin")
		if err != nil {
			return err
		}
		set.Duration = life
		return directory.PermissionSets().Put(tx, set)
	})
	if err == nil {
		err = os.RemoveAll(filepath.Join(w.home, ".aws", "cli", "cache"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A [default] profile with credentials of any kind, which SDKs prefer to an endpoint, does not change the identity of
// exec --serve's child; nor do leftover variables.
func TestServedChildrenAreNobodyElse(t *testing.T) {
	const static = "aws_access_key_id = AKIAOTHEROTHEROTHER0\naws_secret_access_key = other\n"
	for name, files := range map[string]struct{ config, credentials string }{
		"none":        {},
		"region only": {"[default]\nregion = eu-west-1\n", ""},
		"sso":         {otherDefault, ""},
		"sso of nobody": {"[default]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n" +
			"sso_account_id = 1\nsso_role_name = x\n", ""},
		"static in config":            {"[default]\n" + static, ""},
		"static in credentials":       {"", "[default]\n" + static + "[other]\n" + static},
		"static in both":              {"[default]\n" + static, "[default]\n" + static},
		"process":                     {"[default]\ncredential_process = sh -c 'echo {}; touch $HOME/ran'\n", ""},
		"role with a profile":         {"[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = dev\n", ""},
		"role with credential source": {"[default]\nrole_arn = arn:aws:iam::1:role/x\ncredential_source = Environment\n", ""},
		"web identity":                {"[default]\nrole_arn = arn:aws:iam::1:role/x\nweb_identity_token_file = /x\n", ""},
		"a login":                     {"[default]\nlogin_session = arn:aws:iam::1:user/x\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := servedWorld(t, files.config)
			if files.credentials != "" {
				path := filepath.Join(w.home, ".aws", "credentials")
				if err := os.WriteFile(path, []byte(files.credentials), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			w.variables = append(w.variables, "AWS_PROFILE=", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/stale",
				"AWS_CONTAINER_AUTHORIZATION_TOKEN=stale", "AWS_ACCESS_KEY_ID=stale", "AWS_SECRET_ACCESS_KEY=stale",
				"AWS_ROLE_ARN=arn:aws:iam::1:role/stale", "AWS_WEB_IDENTITY_TOKEN_FILE=stale")
			for name, client := range chainClients(t) {
				r := w.run(t, client.served(1, 0)...)
				if r.code != 0 || !isAdmin.MatchString(r.stdout) {
					t.Errorf("%s: exit code %d\n%s%s", name, r.code, r.stdout, r.stderr)
				}
			}
			if _, err := os.Stat(filepath.Join(w.home, "ran")); err == nil {
				t.Error("the credential_process of [default] ran")
			}
		})
	}
}

// A client that cannot read the token's file is told which flag helps.
func TestAnOldClientIsToldWhatHelps(t *testing.T) {
	w := servedWorld(t, "")
	r := w.run(t, append([]string{"rolecall", "exec", "--serve", "dev", "--"}, bookwormAWS(t).command("sts",
		"get-caller-identity")...)...)
	if r.code == 0 || !strings.Contains(r.stderr, "rolecall exec --serve --token-variable") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// The Go SDK obeys HTTP_PROXY for everything but loopback.
func TestAProxyIsNotAskedForKeys(t *testing.T) {
	w := servedWorld(t, "")
	w.variables = append(w.variables, "HTTP_PROXY=http://127.0.0.1:1", "http_proxy=http://127.0.0.1:1")
	r := w.run(t, "rolecall", "exec", "--serve", "dev", "--", "gosdk", "1", "0")
	if r.code != 0 || !isAdmin.MatchString(r.stdout) {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// A profile that the child names works as before, whatever [default] has.
func TestAServedChildCanNameAProfile(t *testing.T) {
	w := servedWorld(t, "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n"+
		"[profile own]\nregion = us-east-1\ncredential_process = rolecall process audit\n")
	r := w.run(t, append([]string{"rolecall", "exec", "--serve", "dev", "--"}, bookwormAWS(t).command("sts",
		"get-caller-identity", "--profile", "own")...)...)
	if r.code != 0 || !strings.Contains(r.stdout, "AWSReservedSSO_ReadOnly_") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// Real clients keep working while their keys end several times.
func TestServedChildrenOutliveTheirKeys(t *testing.T) {
	t.Parallel()
	w := servedWorld(t, "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ReadOnly\n")
	const life, times, pause = 24 * time.Second, 9, 6.0
	var all sync.WaitGroup
	w.shortKeys(t, life)
	for name, client := range chainClients(t) {
		all.Go(func() {
			r := w.run(t, client.served(times, pause)...)
			if r.code != 0 || len(isAdmin.FindAllString(r.stdout, -1)) != times || r.stderr != "" {
				t.Errorf("%s: exit code %d\n%s%s", name, r.code, r.stdout, r.stderr)
			}
			used := map[string]bool{}
			for line := range strings.Lines(r.stdout) {
				if fields := strings.Fields(line); len(fields) == 2 {
					used[fields[1]] = true
				}
			}
			if !strings.HasPrefix(name, "AWS CLI") && len(used) < 2 {
				t.Errorf("%s used only the keys %v: that proves little", name, used)
			}
		})
	}
	all.Wait()
}
