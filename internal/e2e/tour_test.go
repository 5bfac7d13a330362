//go:build linux

package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
)

// The guide's tour runs as it is, in one bash with -eu. Terraform and the editor are programs that ask for their keys
// as these do, with the AWS CLI.
func TestTheTour(t *testing.T) { eachAWS(t, runTour) }

func runTour(t *testing.T, aws awsCLI) {
	text, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)## A tour\n.*?```bash other\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("the guide has no tour")
	}
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	dir := t.TempDir()
	asks := "#!/bin/sh\necho \"$(basename $0) $1: $(aws sts get-caller-identity --query Arn --output text)\"\n"
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "aws"), []byte("#!/bin/sh\nexec "+strings.Join(aws.argv, " ")+" \"$@\"\n"), 0o700),
		os.WriteFile(filepath.Join(dir, "terraform"), []byte(asks), 0o700),
		os.WriteFile(filepath.Join(dir, "code"), []byte(asks), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	script := "trap 'rolecall serve --stop >/dev/null 2>&1 || :' EXIT\n" + string(block[1])
	if old := strings.HasPrefix(aws.version, "2.9"); old { // it reads no token file
		script = strings.ReplaceAll(script, "exec --serve", "exec --serve --token-variable")
	}
	script += "\nfor n in $(seq 100); do grep -q FULL_URI dev.env 2>/dev/null && break; sleep 0.1; done\n" +
		"grep -c FULL_URI dev.env; grep -c '^.jdbc' ~/.aws/credentials; echo \"[${AWS_ACCESS_KEY_ID-}]\"\n" +
		"rolecall serve --stop; rolecall write --remove; wait\n"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-eu", "-c", script)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(w.environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "BROWSER=visit")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`"Arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_\w{16}/alice"`,
		`"Arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_ReadOnly_\w{16}/alice"`,
		`terraform apply: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_`,
		`code -n: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_`,
		`title: Signed in to the console`, `wrote the keys of 111122223333/Admin to \[jdbc\]`, `(?m)^1\n1\n\[\]$`,
		`removed \[jdbc\]`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
}
