//go:build linux

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolecall/internal/idc/oidc"
)

// A power loss at any moment leaves the old or the new content: the new one is on disk before it gets its name, and
// the name is on disk before the command goes on. The order is that of the system calls.
func TestTheOrderOfAWrite(t *testing.T) {
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "sync", "corp")
	for name, x := range map[string]struct{ file, command string }{
		"a secret file": {".aws/cli/cache/[0-9a-f]{40}.json", "env dev"},
		"the config":    {".aws/config", "profiles apply corp"},
	} {
		trace := filepath.Join(t.TempDir(), "trace")
		w.must(t, append([]string{
			"strace", "-f", "-yy", "-s", "0", "-o", trace,
			"-e", "trace=write,pwrite64,fsync,rename,renameat,renameat2", "rolecall",
		}, strings.Fields(x.command)...)...)
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		folder := regexp.QuoteMeta(w.home) + "/" + filepath.Dir(x.file)
		temp := folder + `/\.` + filepath.Base(x.file) + `\.rolecall-\d+`
		steps := map[string]*regexp.Regexp{
			"write":  regexp.MustCompile(`(?:write|pwrite64)\(\d+<` + temp + `>`),
			"sync":   regexp.MustCompile(`fsync\(\d+<` + temp + `>`),
			"rename": regexp.MustCompile(`rename(?:at2?)?\(.*` + temp + `"`),
			"folder": regexp.MustCompile(`fsync\(\d+<` + folder + `>`),
		}
		var order []string
		for line := range strings.Lines(string(text)) {
			for _, step := range []string{"write", "sync", "rename", "folder"} {
				if steps[step].MatchString(line) && (len(order) == 0 || order[len(order)-1] != step) {
					order = append(order, step)
				}
			}
		}
		// A file is written twice: the room that is reserved, and the content.
		got := strings.Join(order, " ")
		if !regexp.MustCompile(`write sync( write sync)* rename folder`).MatchString(got) ||
			regexp.MustCompile(`write rename`).MatchString(got) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A token that belongs to another user was planted, or is not ours to use. Root may use anybody's, so the command runs
// as somebody else.
func TestAForeignTokenIsRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir, err := os.MkdirTemp("/tmp", "rolecall-e2e-") // which other users can reach, unlike a test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w, err := newWorld(filepath.Join(dir, "home"), oidc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	w.signIn(t, "rolecall", "login", "corp")
	program := filepath.Join(dir, "rolecall")
	if out, err := exec.Command("sh", "-c",
		`cp "$1" "$2" && chmod 755 "$2" "$3" && chown -R 65534:65534 "$4"`, "sh", filepath.Join(bin, "rolecall"), program,
		dir, w.home).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	as := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "ls", "--refresh"}
	if r := w.run(t, as...); r.code != 0 {
		t.Fatalf("its owner may not: %d %s", r.code, r.stderr)
	}
	token := (&bench{}).tokenPath(w.home)
	if err := errors.Join(os.Chown(token, 12345, 12345), os.Chmod(token, 0o666)); err != nil {
		t.Fatal(err)
	}
	if r := w.run(t, as...); r.code != 7 || !strings.Contains(r.stderr, filepath.Base(token)) {
		t.Errorf("exit code %d, want 7 and the file: %s", r.code, r.stderr)
	}
}
