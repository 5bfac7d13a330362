package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever text others have chosen is shown in one short line of visible characters.
func FuzzShow(f *testing.F) {
	for _, text := range []string{"", "a", "\x1b[2J", "\u202e", "\xff\xfe", "a\tb\r\n", strings.Repeat("é", 2000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for most, show := range map[int]func(string) string{shownWidth: Show, 8 * shownWidth: ShowLine} {
			got := show(text)
			if strings.ContainsFunc(got, harmful) || !utf8.ValidString(got) {
				t.Errorf("%q is shown as %q", text, got)
			}
			if n := utf8.RuneCountInString(strings.TrimSuffix(got, "…")); n > most {
				t.Errorf("%.20q is shown in %d characters", text, n)
			}
		}
	})
}
