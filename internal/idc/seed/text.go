package seed

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/idc/pattern"
)

// quote writes a text as YAML in double quotes, with visible characters only, which cannot affect a terminal.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case isVisible(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func isVisible(r rune) bool {
	return unicode.IsPrint(r) && r != 0x2800 &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// plain texts need no quotes anywhere in YAML, and have no other type.
var (
	plainText   = pattern.New(`^[A-Za-z_]([A-Za-z0-9_.@/+=:-]*[A-Za-z0-9_.@/+=-])?( [A-Za-z0-9_.@/+=-]+)*$`)
	plainButNot = pattern.New(`^(?i:null|true|false|yes|no|on|off|y|n)$`)
	durationLit = pattern.New(`^[0-9]+h([0-9]+m)?([0-9]+s)?$|^[0-9]+m([0-9]+s)?$`)
)

// bare writes a text as YAML, with quotes only if it needs them.
func bare(text string) string {
	if (plainText().MatchString(text) && !plainButNot().MatchString(text)) || durationLit().MatchString(text) {
		return text
	}
	return quote(text)
}

// shownRunes bounds how much of a value a plan's line shows.
const shownRunes = 100

func short(text string) string {
	if utf8.RuneCountInString(text) <= shownRunes {
		return text
	}
	return string([]rune(text)[:shownRunes]) + "…"
}

// durationText writes 1h30m where time.Duration writes 1h30m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
