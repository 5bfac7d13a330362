package export

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rolecall/internal/proof"
)

// A dialect is a real shell, its quoting, how it prints a variable or a word, and what it cannot hold.
type dialect struct {
	name    string
	command []string
	quote   func(string) (string, error)
	print   func(quoted string) string
	cannot  func(value string) bool
}

func cannotNothing(string) bool { return false }

func viaElvishVariable(quoted string) string {
	return "set-env V " + quoted + "\nprint $E:V\"\\x00\"\n"
}

// viaCshVariable sets a variable as the recipe in the help does: through eval and `…`.
func viaCshVariable(quoted string) string {
	return "cat >f <<'END'\nsetenv V " + quoted + ";\n'END'\neval \"`cat f`\"\nprintf '%s\\0' $V:q\nrm f\n"
}

func notUTF8(value string) bool { return !utf8.ValidString(value) }

func severalLines(value string) bool { return strings.Contains(value, "\n") }

func viaVariable(quoted string) string {
	return "export V=" + quoted + "\nprintf '%s\\0' \"$V\"\n"
}

func viaWord(quoted string) string { return "printf '%s\\0' " + quoted + "\n" }

func viaFishVariable(quoted string) string {
	return "set -gx V " + quoted + "\nprintf '%s\\0' $V\n"
}

func dialects() []dialect {
	list := []dialect{
		{"fish", []string{"fish", "--no-config"}, quoteFish, viaFishVariable, cannotNothing},
		{"elvish", []string{"elvish", "-norc"}, quoteElvish, viaElvishVariable, notUTF8},
		{"tcsh", []string{"tcsh", "-f"}, quoteCsh, viaCshVariable, severalLines},
	}
	for _, command := range append(posixShells(), []string{"zsh", "-f", "-o", "RC_QUOTES"}) {
		name := strings.Join(command, " ")
		list = append(list,
			dialect{name + " variable", command, quoteSh, viaVariable, cannotNothing},
			dialect{name + " word", command, QuoteSh, viaWord, cannotNothing})
	}
	return list
}

// run returns what a shell prints for a script in an empty folder, and that folder.
func run(t *testing.T, command []string, script string) (out []byte, cwd string) {
	t.Helper()
	cwd = t.TempDir()
	out, stderr, err := startIn(t, cwd, command, script, "", nil)
	if err != nil || stderr != "" {
		t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, stderr)
	}
	return out, cwd
}

// start runs a script in a shell, with text in the file $FILE.
func start(t *testing.T, command []string, script, text string, environ []string) ([]byte, string, error) {
	t.Helper()
	return startIn(t, t.TempDir(), command, script, text, environ)
}

func startIn(
	t *testing.T, cwd string, command []string, script, text string, environ []string,
) (out []byte, stderr string, err error) {
	t.Helper()
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.Fatalf("the package %s is not installed: %v", command[0], err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"script": script, "text": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(path, append(slices.Clone(command[1:]), filepath.Join(dir, "script"))...)
	c.Dir = cwd
	c.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8", "FILE=" + filepath.Join(dir, "text"),
	}, environ...)
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err = c.Output()
	return out, complaints.String(), err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestShellsReadBackEveryValueAndRunNone(t *testing.T) {
	for _, d := range dialects() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			canary := filepath.Join(t.TempDir(), "canary")
			var values []string
			var script strings.Builder
			for _, value := range append(hostileValues(canary), broken...) {
				if d.command[0] == "yash" && notUTF8(value) {
					continue // yash reads no such script
				}
				quoted, err := d.quote(value)
				if d.cannot(value) {
					if err == nil || quoted != "" {
						t.Errorf("%q became %q, %v", value, quoted, err)
					}
					continue
				}
				values = append(values, value)
				if err != nil {
					t.Fatalf("%q: %v", value, err)
				}
				script.WriteString(d.print(quoted))
			}
			out, cwd := run(t, d.command, script.String())
			got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
			if len(got) != len(values) {
				t.Fatalf("%d values became %d", len(values), len(got))
			}
			defer func() { proof.Note(t, "names", len(values), len(values)) }()
			for i, value := range values {
				if got[i] != value {
					t.Errorf("%q became %q", value, got[i])
				}
			}
			if exists(canary) {
				t.Error("a value was run")
			}
			if made, err := os.ReadDir(cwd); err != nil || len(made) > 0 {
				t.Errorf("the folder holds %v, %v", made, err)
			}
		})
	}
}

// It shows that the test above could fail.
func TestShellsRunAValueThatIsNotQuoted(t *testing.T) {
	for _, shell := range [][]string{{"bash"}, {"dash"}, {"zsh", "-f"}, {"fish", "--no-config"}} {
		canary := filepath.Join(t.TempDir(), "canary")
		run(t, shell, "printf '%s' \"$(touch "+canary+")\"\n")
		if !exists(canary) {
			t.Errorf("%s ran nothing", shell[0])
		}
	}
}
