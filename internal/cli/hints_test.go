package cli

import "testing"

// A hint is the line as it was typed, quoted where that is needed, and without a token.
func TestTheLineOnceMore(t *testing.T) {
	for _, x := range []struct {
		line []string
		n    int
		want string
	}{
		{[]string{"exec", "a b", "ls", "-l"}, 2, "rolecall exec 'a b' -- ls -l"},
		{[]string{"exec", "dev", "sh", "-c", "echo $x"}, 2, "rolecall exec dev -- sh -c 'echo $x'"},
		{[]string{"sso", "x", "--access-token", "aoaSECRET"}, 2, "rolecall sso x -- --access-token TOKEN"},
		{[]string{"sso", "x", "--access-token=aoaSECRET", "y"}, 2, "rolecall sso x -- --access-token=TOKEN y"},
	} {
		if got := (&App{line: x.line}).again(x.n, "--"); got != x.want {
			t.Errorf("%q: %s, want %s", x.line, got, x.want)
		}
	}
}
