//go:build linux

package e2e

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// lanes are programs of other systems' packages, which scripts/lane unpacks. A lane that is not there is skipped and
// named at the end of the run; with ROLECALL_LANES=require, as in CI, it fails.
type missingLanes struct {
	mu    sync.Mutex
	names []string
}

var missing missingLanes

// lane returns the folder of a lane.
func lane(t *testing.T, name string) string {
	t.Helper()
	cache := os.Getenv("ROLECALL_CACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache", "rolecall-lanes")
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(cache, name))
	if err == nil {
		return dir
	}
	if os.Getenv("ROLECALL_LANES") == "require" || os.Getenv("CI") == "true" {
		t.Fatalf("lane %s: %v\ninstall it: sh scripts/needs", name, err)
	}
	missing.mu.Lock()
	defer missing.mu.Unlock()
	if !slices.Contains(missing.names, name) {
		missing.names = append(missing.names, name)
	}
	t.Skipf("lane %s is not there: %v", name, err)
	return ""
}

// report names the lanes that did not run, at the end of make test: go test keeps what passing tests print.
func (m *missingLanes) report() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range m.names {
		tell(fmt.Sprintf("lane %s: not run, since it is not there. Install it: sh scripts/needs", name))
	}
}

func tell(line string) {
	path := cmp.Or(os.Getenv("ROLECALL_REPORT"), os.DevNull)
	if file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintln(file, line)
		file.Close()
	}
	fmt.Fprintln(os.Stderr, line)
}

// An awsCLI is one of the AWS CLIs that the tests run: the oldest that we name, and today's.
type awsCLI struct {
	version string
	argv    []string
	pkce    bool // signs in by the code flow unless told otherwise
	// start is the start URL in its config files: newer ones sign in at AWS's own hosts only.
	start func(*world) string
}

// awsVersions are the versions whose files and behaviour the tests state. When sid moves on, its newer one runs, and is
// named: look at its sso folder, then change this line.
var awsVersions = []string{"2.9.19", "2.38.1"}

// oldAWS is Debian bookworm's AWS CLI: another one may come first in PATH.
const oldAWS = "/usr/bin/aws"

func bookwormAWS(*testing.T) awsCLI {
	return awsCLI{awsVersions[0], []string{oldAWS}, false, func(w *world) string { return w.url + "/start" }}
}

func sidAWS(t *testing.T) awsCLI {
	t.Helper()
	root := lane(t, "awscli")
	lib := filepath.Join(root, "usr", "lib", "x86_64-linux-gnu")
	python, err := filepath.Glob(filepath.Join(root, "usr", "bin", "python3.1?"))
	if err != nil || len(python) != 1 {
		t.Fatalf("no Python in %s: %v", root, err)
	}
	return awsCLI{
		awsVersions[1],
		[]string{
			filepath.Join(lib, "ld-linux-x86-64.so.2"), "--library-path", lib, python[0], "-E",
			filepath.Join(root, "usr", "bin", "aws"),
		},
		true, (*world).awsStartURL,
	}
}

// command is a command line of the AWS CLI.
func (a awsCLI) command(args ...string) []string { return slices.Concat(a.argv, args) }

// eachAWS runs a test with each AWS CLI, checked to be the one that is meant, side by side.
func eachAWS(t *testing.T, test func(t *testing.T, aws awsCLI)) {
	for i, find := range []func(*testing.T) awsCLI{bookwormAWS, sidAWS} {
		t.Run("AWS CLI "+awsVersions[i], func(t *testing.T) {
			t.Parallel()
			aws := find(t)
			out, err := exec.Command(aws.argv[0], aws.command("--version")[1:]...).CombinedOutput()
			version, ok := strings.CutPrefix(string(out), "aws-cli/")
			version, _, _ = strings.Cut(version, " ")
			if err != nil || !ok || i == 0 && version != aws.version {
				t.Fatalf("%v: %v %s, want %s\nsh scripts/needs installs them; see awsVersions", aws.argv, err, out, aws.version)
			}
			if version != aws.version {
				tell(fmt.Sprintf("%s: the AWS CLI is %s now, no longer %s: see awsVersions", t.Name(), version, aws.version))
			}
			test(t, aws)
		})
	}
}
