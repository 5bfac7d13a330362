package words

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"":                         nil,
		" \t ":                     nil,
		"a  b\tc ":                 {"a", "b", "c"},
		`"my program" '--x=a "b"'`: {"my program", `--x=a "b"`},
		`a"b c"d ''`:               {"ab cd", ""},
		`C:\a\b.exe "C:\p q\r"`:    {`C:\a\b.exe`, `C:\p q\r`},
		`it's open`:                nil,
		"\x00 ö":                   {"\x00", "ö"},
	} {
		if got := Split(line); !slices.Equal(got, want) {
			t.Errorf("%q: got %q", line, got)
		}
	}
}
