//go:build linux

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolecall/internal/idc/oidc"
)

// readmeCommands are the lines of the README's shell blocks, without comments.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	text := string(readFile(t, "../../README.md"))
	var commands []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.SplitSeq(block[1], "\n") {
			line, _, _ = strings.Cut(line, "  #")
			if line = strings.TrimSpace(line); line != "" {
				commands = append(commands, line)
			}
		}
	}
	return commands
}

// The commands of the README work in a clean home, in its order. "terraform plan" stands for any command; make
// test runs this.
func TestTheREADMEsCommands(t *testing.T) { eachAWS(t, runREADME) }

func runREADME(t *testing.T, aws awsCLI) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	w := aWorld(t, oidc.Options{})
	tools := t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "terraform"), []byte("#!/bin/sh\necho \"$1 as $AWS_ACCESS_KEY_ID\"\n"),
		0o700); err != nil {
		t.Fatal(err)
	}
	own := t.TempDir() // where files are written
	address := ""      // of the served one
	ran := 0
	for _, line := range readmeCommands(t) {
		serves := strings.HasPrefix(line, "rolecall idc serve")
		line = strings.NewReplacer("./idc-data", own+"/idc-data", "directory.yaml", own+"/directory.yaml").Replace(line)
		switch {
		case line == "make test":
			continue
		case strings.HasPrefix(line, "rolecall login"):
			w.signIn(t, strings.Fields(line)...)
		case serves:
			s := serve(t, w.home, strings.Fields(line)[3:]...)
			address = "ROLECALL_IDC_URL=" + s.url
		case strings.Contains(line, "aws sso login"):
			w.signIn(t, "env", address, "sh", "-c", strings.Replace(line, "aws ", strings.Join(aws.argv, " ")+" ", 1)+" >&2")
		default:
			cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.Replace(line, "-- aws ", "-- "+strings.Join(aws.argv,
				" ")+" ", 1))
			var stderr bytes.Buffer
			cmd.Dir, cmd.Env, cmd.Stderr = root, append(w.environ(), address), &stderr
			for _, name := range []string{
				"GOPATH", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GONOSUMDB", "GONOSUMCHECK",
				"GOSUMDB",
			} {
				value, err := exec.Command("go", "env", name).Output()
				if err != nil {
					t.Fatal(err)
				}
				cmd.Env = append(cmd.Env, name+"="+strings.TrimSpace(string(value)))
			}
			cmd.Env = append(cmd.Env, "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
			if out, err := cmd.Output(); err != nil {
				t.Errorf("%s: %v\n%s%s", line, err, out, stderr.String())
			}
		}
		ran++
	}
	if ran < 10 {
		t.Errorf("only %d commands were found", ran)
	}
}
