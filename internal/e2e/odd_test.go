//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

const canaryText = "canary: nobody's to touch\n"

// oddKinds put something odd at a path. canary is a file that must stay as it is.
var oddKinds = []struct {
	name string
	put  func(path, canary string) error
}{
	{"link", func(path, canary string) error { return os.Symlink(canary, path) }},
	{"hard link", func(path, canary string) error { return os.Link(canary, path) }},
	{"link to a device", func(path, _ string) error { return os.Symlink("/dev/zero", path) }},
	{"link to a terminal", func(path, _ string) error { return os.Symlink("/dev/tty", path) }},
	{"pipe", func(path, _ string) error { return syscall.Mkfifo(path, 0o600) }},
	{"folder", func(path, canary string) error {
		return errors.Join(os.Mkdir(path, 0o700), os.Link(canary, filepath.Join(path, "in it")))
	}},
	{"link to a folder", func(path, canary string) error { return os.Symlink(filepath.Dir(canary), path) }},
	{"socket", func(path, _ string) error {
		short := filepath.Join(os.TempDir(), fmt.Sprint("socket-", os.Getpid())) // its name has room for 108 bytes
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
		if err != nil {
			return err
		}
		l.SetUnlinkOnClose(false)
		return errors.Join(l.Close(), os.Rename(short, path))
	}},
	{"device", func(path, _ string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|5) }},
}

// An oddPlace is a file or folder that a command uses. The command must refuse what is odd there with exit code 6 and
// its name, or do without it: then the exit codes are those of as.
type oddPlace struct {
	name    string // below the home folder; a pattern
	command string
	as      []int
	fine    string // the kind that is as good as what was there
}

const doctorFix = "doctor --fix --yes"

// examined are doctor's exit codes: it never ends with an error of its own.
var examined = []int{0, 1, 6}

var oddPlaces = []oddPlace{
	{name: ".aws/config", command: "env dev"},
	{name: ".aws/credentials", command: "env dev", fine: "hard link"},
	{name: ".config/rolecall/config.toml", command: "ls"},
	{name: "bundle.pem", command: "ls --refresh"},
	{name: ".aws/sso/cache/*.json", command: "ls --refresh", as: []int{3}}, // damaged: a canary is no token
	{name: ".aws/sso/cache", command: "ls --refresh", fine: "folder"},
	{name: ".aws/cli/cache", command: "env dev", fine: "folder"},
	{name: ".local/state/rolecall", command: "env dev", fine: "folder"},
	{name: ".local/state/rolecall/sessions", command: "env dev", as: []int{0, 7}},
	{name: ".local/state/rolecall/sessions/*.json", command: "ls --refresh", as: []int{0, 7}}, // no note: more careful
	{name: ".aws/cli/cache/*.json", command: "env dev", as: []int{0}},
	{name: ".local/state/rolecall/roles/*.json", command: "env dev", as: []int{0}},
	{name: ".local/state/rolecall/inventory", command: "ls", as: []int{0}},
	{name: ".local/state/rolecall/inventory/*.json", command: "ls", as: []int{0}},
	{name: ".local/state/rolecall/inventory/*.json", command: "sync", as: []int{0}},
	// Without a lock that only saves requests, commands go on.
	{name: ".local/state/rolecall/inventory/*.lock", command: "sync", as: []int{0}},
	{name: ".local/state/rolecall/inventory/*.partial", command: "sync", as: []int{0}},
	{name: ".local/state/rolecall/inventory/uses.log", command: "env audit", as: []int{0}},
	{name: ".local/state/rolecall/pace", command: "ls --refresh", as: []int{0}},
	{name: ".local/state/rolecall/pace/*.json", command: "ls --refresh", as: []int{0}},
	{name: ".local/state/rolecall/pace/*.lock", command: "ls --refresh", as: []int{0}},
	{name: ".local/state/rolecall/locks", command: "env audit", as: []int{0}},
	{name: ".local/state/rolecall/audit", command: "env dev", as: []int{0}},
	{name: ".local/state/rolecall/audit", command: "audit", fine: "folder"},
	{name: ".local/state/rolecall/audit/audit.jsonl", command: "env dev", as: []int{0}},
	{name: ".local/state/rolecall/audit/audit.jsonl", command: "audit"},
	{name: ".local/state/rolecall/audit/audit.lock", command: "env dev", as: []int{0}},
	{name: ".local/state/rolecall/audit/audit.lock", command: "audit verify", as: []int{0}},
	{name: ".local/state/rolecall/audit/audit.lost", command: "env dev", as: []int{0}},
	{name: ".local/state/rolecall/locks/edit-*.lock", command: "profiles apply corp --output text"},
	{name: ".local/state/rolecall/locks/role-*.lock", command: "env audit", as: []int{0}},
	// doctor says what is odd, and fixes what is not.
	{name: ".aws/config", command: doctorFix, as: examined},
	{name: ".aws/credentials", command: doctorFix, as: examined},
	{name: ".config/rolecall/config.toml", command: doctorFix, as: examined},
	{name: "bundle.pem", command: doctorFix, as: examined},
	{name: ".aws", command: doctorFix, as: examined},
	{name: ".aws/sso/cache", command: doctorFix, as: examined},
	{name: ".aws/sso/cache/*.json", command: doctorFix, as: examined},
	{name: ".aws/cli/cache", command: doctorFix, as: examined},
	{name: ".aws/cli/cache/*.json", command: doctorFix, as: examined},
	{name: ".local/state/rolecall", command: doctorFix, as: examined},
	{name: ".local/state/rolecall/roles/*.json", command: doctorFix, as: examined},
	{name: ".local/state/rolecall/locks", command: doctorFix, as: examined},
	{name: ".local/state/rolecall/backups", command: "profiles apply corp --output text", fine: "folder"},
	// At the end: these end the session on the server.
	{name: ".local/state/rolecall/roles/*.json", command: "logout corp", as: []int{0}},
	{name: ".local/state/rolecall/registrations/*.json", command: "logout --all", as: []int{0, 1}},
}

// Whatever lies in the place of a file or folder that a command uses, the command ends, and nothing is written,
// or changed in its mode, behind a link.
func TestOddFiles(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.variables = []string{"AWS_CA_BUNDLE=" + filepath.Join(w.home, "bundle.pem")}
	bundle, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"bundle.pem": string(bundle), ".aws/credentials": "", ".config/rolecall/config.toml": "",
	} {
		path := filepath.Join(w.home, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	w.signIn(t, "rolecall", "login", "corp")
	for _, command := range []string{"env dev", "sync", "profiles apply corp"} {
		w.must(t, append([]string{"rolecall"}, strings.Fields(command)...)...)
	}
	prepared := w.home + "-prepared"
	if err := os.Rename(w.home, prepared); err != nil {
		t.Fatal(err)
	}
	for _, place := range oddPlaces {
		for _, kind := range oddKinds {
			t.Run(strings.Join([]string{place.name, place.command, kind.name}, " "), func(t *testing.T) {
				if err := os.RemoveAll(w.home); err != nil {
					t.Fatal(err)
				}
				if out, err := exec.Command("cp", "-a", prepared, w.home).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				name, unfinished := strings.CutSuffix(place.name, ".partial")
				if unfinished {
					name += ".json"
				}
				found, err := filepath.Glob(filepath.Join(w.home, name))
				if err != nil || len(found) == 0 {
					t.Fatalf("nothing is called %s: %v", place.name, err)
				}
				if unfinished {
					found[0] = strings.TrimSuffix(found[0], ".json") + ".partial"
				}
				canary := newCanary(t)
				if err := errors.Join(os.RemoveAll(found[0]), kind.put(found[0], canary)); errors.Is(err, syscall.EPERM) {
					t.Skip("only root makes devices")
				} else if err != nil {
					t.Fatal(err)
				}
				r := w.run(t, append([]string{"rolecall"}, strings.Fields(place.command)...)...)
				place.judge(t, kind.name, found[0], w.home, r)
				untouched(t, canary)
				proof.Note(t, "odd files", 1, 1)
			})
		}
	}
}

func (p oddPlace) judge(t *testing.T, kind, at, home string, r result) {
	t.Helper()
	shown := strings.Replace(at, home, "~", 1)
	named := strings.Contains(r.stderr, at) || strings.Contains(r.stderr, shown)
	for _, code := range p.as {
		if r.code == code {
			return
		}
	}
	if p.fine == kind && r.code != 6 {
		return
	}
	if r.code != 6 || !named {
		t.Errorf("exit code %d, want 6 and the path, or %v: %s", r.code, p.as, r.stderr)
	}
}

func newCanary(t *testing.T) string {
	t.Helper()
	canary := filepath.Join(t.TempDir(), "canary")
	if err := errors.Join(os.WriteFile(canary, []byte(canaryText), 0o600), os.Chmod(canary, 0o644),
		os.Chmod(filepath.Dir(canary), 0o755)); err != nil {
		t.Fatal(err)
	}
	return canary
}

// untouched checks bytes and mode of the canary and its folder, and that nothing came beside it.
func untouched(t *testing.T, canary string) {
	t.Helper()
	text, err := os.ReadFile(canary)
	if err != nil || string(text) != canaryText {
		t.Errorf("behind the link is %q now: %v", text, err)
	}
	for name, mode := range map[string]os.FileMode{canary: 0o644, filepath.Dir(canary): 0o755} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has the mode %v: %v", name, info.Mode(), err)
		}
	}
	if beside, _ := os.ReadDir(filepath.Dir(canary)); len(beside) != 1 {
		t.Errorf("beside it: %v", beside)
	}
}

// The same for what the server reads: its seed file, and its data folder with all that is in it.
func TestOddFilesOfTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serveSample(t, dir)
	s.stop(syscall.SIGTERM)
	seedFile, data := filepath.Join(dir, "seed.yaml"), filepath.Join(dir, "data")
	serving := []string{"idc", "serve", "--port", "0", "--data", data}
	for _, x := range []struct {
		path string
		argv []string
		fine string // the kind with which the server starts
	}{
		{seedFile, append(serving, "--seed", seedFile), ""},
		{seedFile, []string{"idc", "apply", seedFile, "--data", data}, ""},
		{data, serving, "folder"},
		{filepath.Join(data, "secret"), serving, "hard link"},
		{filepath.Join(data, "lock"), serving, ""},
		{filepath.Join(data, "idc.db"), serving, ""},
		{filepath.Join(data, "ca.key"), serving, "hard link"},
		{filepath.Join(data, "ca.pem"), serving, "hard link"},
	} {
		for _, kind := range oddKinds {
			t.Run(fmt.Sprint(filepath.Base(x.path), " ", x.argv[1], " ", kind.name), func(t *testing.T) {
				canary, aside := newCanary(t), x.path+".true"
				if err := os.Rename(x.path, aside); err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := errors.Join(os.RemoveAll(x.path), os.Rename(aside, x.path)); err != nil {
						t.Fatal(err)
					}
				}()
				if err := kind.put(x.path, canary); err != nil {
					t.Skip(err)
				}
				bound := storyTimeout
				if kind.name == x.fine {
					bound = 2 * time.Second // it serves until then
				}
				ctx, cancel := context.WithTimeout(t.Context(), bound)
				defer cancel()
				cmd := exec.CommandContext(ctx, "rolecall", x.argv...)
				var stderr bytes.Buffer
				cmd.Env, cmd.Stderr = s.environ(), &stderr
				_ = cmd.Run()
				if code := cmd.ProcessState.ExitCode(); kind.name != x.fine &&
					(code != 6 || !strings.Contains(stderr.String(), x.path)) {
					t.Errorf("exit code %d: %s", code, stderr.String())
				}
				untouched(t, canary)
				proof.Note(t, "odd files", 1, 1)
			})
		}
	}
}
