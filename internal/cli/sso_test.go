package cli

import (
	"errors"
	"testing"
)

// Any query is answered or is a usage error: the library panics on some texts.
func TestQueriesThatCannotBe(t *testing.T) {
	for _, text := range []string{
		"a\u0080", "\u0080", "a\u0080b", "accountList[].a\u0080", "'", "\"", "`", "[", "[?", "a[?b==`\u0080`]",
		"\x00", "\xff", "a\xff", "@(",
		"join(`,`, @)", "sum(@)", "to_number('x')", "a[::0]", "find_first('a', 'b', `1.5`)", "items(@)", "let $a = @ in $b",
	} {
		expression, err := compileQuery(text)
		if err == nil {
			_, err = search(expression, map[string]any{"accountList": []any{"x"}})
		}
		var usage *UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := compileQuery("a\u0080"); err == nil {
		t.Error("a name with U+0080 is accepted")
	}
}
