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
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for _, line := range strings.Split(block[1], "\n") {
			line, _, _ = strings.Cut(line, "  #")
			if line = strings.TrimSpace(line); line != "" {
				commands = append(commands, line)
			}
		}
	}
	return commands
}

// The README's commands work in a clean home, in the README's order. "terraform
// plan" stands for any command; make test is what runs this.
func TestTheREADMEsCommands(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	w := aWorld(t, oidc.Options{})
	tools := t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "terraform"), []byte("#!/bin/sh\necho \"$1 as $AWS_ACCESS_KEY_ID\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, line := range readmeCommands(t) {
		switch {
		case line == "make test":
			continue
		case strings.HasPrefix(line, "rolecall login"):
			w.signIn(t, strings.Fields(line)...)
		case line == "rolecall idc serve":
			line += " --port 0 & pid=$!; sleep 0.5; kill $pid; wait $pid"
			fallthrough
		default:
			cmd := exec.CommandContext(t.Context(), "sh", "-ec", line)
			var stderr bytes.Buffer
			cmd.Dir, cmd.Env, cmd.Stderr = root, w.environ(), &stderr
			for _, name := range []string{"GOPATH", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GONOSUMDB", "GONOSUMCHECK", "GOSUMDB"} {
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
	if ran < 7 {
		t.Errorf("only %d commands were found", ran)
	}
}
