package cli_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"rolecall/internal/cli"
)

// ended reports whether quotes and brackets of a PowerShell script are closed, by its grammar: '…' with ” inside, "…"
// with ` escapes, # to the end of the line.
func ended(text string) bool {
	var open []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case '\'', '"':
			for i++; i < len(text) && text[i] != c; i++ {
				if c == '"' && text[i] == '`' {
					i++
				}
			}
			if i >= len(text) {
				return false
			}
		case '(', '{', '[':
			open = append(open, c)
		case ')', '}', ']':
			if len(open) == 0 || strings.IndexByte("(){}[]", c) != strings.IndexByte("(){}[]", open[len(open)-1])+1 {
				return false
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0
}

// PowerShell does not run here. Its function is only checked for balanced quotes and brackets, for ASCII, which Windows
// PowerShell 5.1 reads in any code page, and for the mark that rolecall writes at the end.
func TestTheFunctionOfPowerShell(t *testing.T) {
	var out, problems bytes.Buffer
	w := aWorld(t, &out, &problems)
	if code := cli.Main(context.Background(), w, []string{"shell-init", "powershell"}); code != 0 {
		t.Fatal(problems.String())
	}
	function := out.String()
	if strings.ContainsFunc(function, func(r rune) bool { return r > 0x7e }) || !ended(function) || ended(function+"{") {
		t.Errorf("the function is\n%s", function)
	}
	out.Reset()
	if code := cli.Main(context.Background(), w, []string{"switch", "--shell", "powershell", "--clear"}); code != 0 {
		t.Fatal(problems.String())
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); lines[len(lines)-1] != "# rolecall-whole" ||
		!strings.Contains(function, "EndsWith('# rolecall-whole')") || !ended(out.String()) {
		t.Errorf("a switch ends with %q", lines[len(lines)-1])
	}
	for _, name := range []string{"'AWS_ACCESS_KEY_ID'", "'AWS_PROFILE'", "'ROLECALL_TARGET'"} {
		if !strings.Contains(function, name) {
			t.Errorf("%s is not unset after a failure", name)
		}
	}
}
