package words

import (
	"strings"
	"testing"
)

// Words are those of Python's shlex.split, with which botocore splits a credential_process.
func TestShell(t *testing.T) {
	for line, want := range map[string]string{
		``: ``, `a b`: `a|b`, "  a\t b \n": `a|b`, `a "b c" 'd e'`: `a|b c|d e`, `a\ b c`: `a b|c`, `"a\"b" 'c\d'`: `a"b|c\d`,
		`"a\b"`: `a\b`, `"a\\b"`: `a\b`, `a""b`: `ab`, `a "" b`: `a||b`, `'' `: ``,
		`a\\b`: `a\b`, `$(id) ; | &`: `$(id)|;|||&`,
		`"a`: `none`, `a\`: `none`, `'a`: `none`, `\"a b\"`: `"a|b"`,
		`/opt/my\ tools/x --role 'A B'`: `/opt/my tools/x|--role|A B`,
	} {
		got := shell(line, false)
		text := strings.Join(got, "|")
		if got == nil && line != "" {
			text = "none"
		}
		if text != want {
			t.Errorf("%q: %q, want %q", line, text, want)
		}
	}
	if got := strings.Join(shell(`C:\tools\x.exe "a b"`, true), "|"); got != `C:\tools\x.exe|a b` {
		t.Errorf("on Windows: %q", got)
	}
}
