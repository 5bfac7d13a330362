package export

import (
	"strings"
	"testing"
)

// readSh reads one word as a POSIX shell does (XCU 2.2); ok is false if it is more than that word, or could run
// something.
func readSh(text string) (word string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return "", false
			}
			b.WriteString(text[i+1 : i+1+end])
			i += end + 1
		case c == '\\' && i+1 < len(text) && text[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case strings.IndexByte("+,-./0123456789:@_=%", c) >= 0 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			b.WriteByte(c)
		default:
			return "", false
		}
	}
	return b.String(), text != ""
}

// What is quoted for a POSIX shell is one word, the same again, and nothing else.
func FuzzQuoteSh(f *testing.F) {
	for _, text := range []string{"", "a", "a b", "it's", "$(id)", "`id`", "\\", "a\nb", "~", "-n", "\xff", "é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := QuoteSh(text)
		if err != nil {
			if !strings.Contains(text, "\x00") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if got, ok := readSh(quoted); !ok || got != text {
			t.Errorf("%q became %s, which is read as %q, %v", text, quoted, got, ok)
		}
	})
}

// PowerShell reads back what is quoted for it.
func FuzzQuotePowerShell(f *testing.F) {
	for _, text := range []string{"", "a", "it's", "‘’‚‛", "$(id)", "a\nb"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := quotePowerShell(text)
		if err != nil || strings.ToValidUTF8(text, "") != text {
			return
		}
		if got, rest := readPowerShell(t, quoted); got != text || rest != "" {
			t.Errorf("%q became %s, which is read as %q and %q", text, quoted, got, rest)
		}
	})
}
