package terminal

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"rsc.io/qr"

	"rolecall/internal/hostile"
	"rolecall/internal/proof"
)

// hostileTexts returns the hostile names, and texts that are no name at all.
func hostileTexts() []string {
	return append([]string{
		"\x9b31m", "\xff", "\xc0\x80", "\xed\xa0\x80", "a\xe2\x80", "\u180b", "\u17b4", "\U000e0041", "\U000e0100", "\u3164",
		"\u2800", "\ufff9",
		strings.Repeat("\x1b", 5000), strings.Repeat("\u200b", 5000), strings.Repeat("\xff", 5000),
	}, hostile.Names()...)
}

// harmful reports whether r moves, hides or reorders text; the list is Unicode's.
func harmful(r rune) bool {
	return !unicode.IsPrint(r) || r == '\u2800' || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp,
		unicode.Bidi_Control, unicode.Join_Control, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func TestForeignTextIsShownHarmlessAndShort(t *testing.T) {
	for _, value := range hostileTexts() {
		for most, show := range map[int]func(string) string{128: Show, 1024: ShowLine} {
			got := show(value)
			if i := strings.IndexFunc(got, harmful); i >= 0 || !utf8.ValidString(got) {
				t.Errorf("%q is shown as %q", value, got)
			}
			if n := utf8.RuneCountInString(strings.TrimSuffix(got, "…")); n > most {
				t.Errorf("%.20q is shown in %d characters", value, n)
			}
		}
	}
	proof.Note(t, "names", 2*len(hostileTexts()), 2*len(hostileTexts()))
}

func TestWhatIsShown(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"My Prod Account", "My Prod Account"},
		{"日本語 é a\u0301 😀", "日本語 é a\u0301 😀"},
		{"a\tb\nc", `a\u0009b\u000ac`},
		{"\x1b[31mred", `\u001b[31mred`},
		{"\u009b31m", `\u009b31m`},
		{"\x9b31m", `\x9b31m`},
		{"\u202egnp.exe", `\u202egnp.exe`},
		{"\ufffd", "\ufffd"},
		{strings.Repeat("x", 128), strings.Repeat("x", 128)},
		{strings.Repeat("x", 129), strings.Repeat("x", 128) + "…"},
		{strings.Repeat("x", 123) + "\x00", strings.Repeat("x", 123) + "…"},
		{strings.Repeat("é", 129), strings.Repeat("é", 128) + "…"},
	}
	for _, test := range tests {
		if got := Show(test.text); got != test.want {
			t.Errorf("%q is shown as %q", test.text, got)
		}
	}
	if got := ShowLine(strings.Repeat("x", 1025)); got != strings.Repeat("x", 1024)+"…" {
		t.Errorf("a line of %d is shown", len(got))
	}
}

// modules reads a drawing back: true is black.
func modules(t *testing.T, drawing string) [][]bool {
	t.Helper()
	var rows [][]bool
	for line := range strings.Lines(drawing) {
		line, ok := strings.CutPrefix(line, "  \x1b[30;107m")
		line, ends := strings.CutSuffix(line, "\x1b[0m\n")
		if !ok || !ends {
			t.Fatalf("the line %q", line)
		}
		var top, bottom []bool
		for _, r := range line {
			if !strings.ContainsRune("█▀▄ ", r) {
				t.Fatalf("%q in the drawing", r)
			}
			top, bottom = append(top, r == '█' || r == '▀'), append(bottom, r == '█' || r == '▄')
		}
		rows = append(rows, top, bottom)
	}
	return rows
}

func TestAQRCodeIsDrawnModuleByModule(t *testing.T) {
	for _, text := range []string{
		"x", "https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH",
		strings.Repeat("long", 100), "\x1b[31m\u202e",
	} {
		var b bytes.Buffer
		if err := QR(&b, text); err != nil {
			t.Fatal(err)
		}
		code, err := qr.Encode(text, qr.L)
		if err != nil {
			t.Fatal(err)
		}
		rows := modules(t, b.String())
		if len(rows) < code.Size+2*quietZone {
			t.Errorf("%.20q: %d rows of modules for a code of %d", text, len(rows), code.Size)
		}
		for y, row := range rows {
			if len(row) != code.Size+2*quietZone {
				t.Errorf("%.20q: %d modules in a row", text, len(row))
			}
			for x, black := range row {
				if black != code.Black(x-quietZone, y-quietZone) {
					t.Errorf("%.20q: the module %d,%d is wrong", text, x, y)
				}
			}
		}
	}
}

func TestNoQRCodeOfATextThatIsTooLong(t *testing.T) {
	var b bytes.Buffer
	if err := QR(&b, strings.Repeat("x", 5000)); err == nil || b.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, b.Len())
	}
}

func TestAQRCodeSaysThatItCouldNotBeWritten(t *testing.T) {
	r, w := io.Pipe()
	_ = r.Close()
	if err := QR(w, "x"); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestAPasteEndsAtEnter(t *testing.T) {
	whole := strings.Repeat("x", maxPaste)
	tests := []struct {
		keys, want string
		err        error
	}{
		{"\n", "", nil},
		{"a b\r", "a b", nil},
		{"ab\x7fc\n", "ac", nil},
		{"ab\bc\n", "ac", nil},
		{"aé\x7fc\n", "ac", nil},
		{"\x7f\x7fa\n", "a", nil},
		{pasteStart + "https://x/?code=1" + pasteEnd + "\n", "https://x/?code=1", nil},
		{"http" + pasteStart + "s://x" + pasteEnd + "/\n", "https://x/", nil},
		{whole + "\n", whole, nil},
		{whole + "y\n", "", errTooLong},
		{whole + "yy\x7f\x7f\x7f\n", "", errTooLong},
	}
	for _, test := range tests {
		var b pasteBuffer
		for i := range len(test.keys) {
			done, err := b.add(test.keys[i])
			if last := i == len(test.keys)-1; done != last || last && err != test.err || !last && err != nil {
				t.Fatalf("%.20q: key %d: done %v, %v", test.keys, i, done, err)
			}
		}
		if test.err == nil && b.String() != test.want {
			t.Errorf("%.20q became %.20q", test.keys, b.String())
		}
	}
}

func TestALineOfOutputKeepsItsColoursAndMovesNothing(t *testing.T) {
	for line, want := range map[string]string{
		"":                              "",
		"plain\ttext é 日本語\r":           "plain\ttext é 日本語",
		"\x1b[1;31mred\x1b[0m":          "\x1b[1;31mred\x1b[0m\x1b[0m",
		"\x1b[38:2::1:2:3mx":            "\x1b[38:2::1:2:3mx\x1b[0m",
		"10%\r20%":                      `10%\u000d20%`,
		"\x1b[2J\x1b[A\x1b[1;1H":        `\u001b[2J\u001b[A\u001b[1;1H`,
		"\x1b]0;title\a\x1b7\x1b[\x1b[": `\u001b]0;title\u0007\u001b7\u001b[\u001b[`,
		"\x1b[?25l\x1b[>4m":             `\u001b[?25l\u001b[>4m`,
		"\u009b2J\x9b2J\x7f\x00\v":      `\u009b2J\x9b2J\u007f\u0000\u000b`,
	} {
		if got := ShowOutput(line); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	const text = "  or paste here the address; nobody may ask you for it"
	for width, want := range map[int]string{
		80: text,
		30: "  or paste here the address;\n    nobody may ask you for it",
		20: "  or paste here the\n    address; nobody\n    may ask you for\n    it",
		1:  "  or\n    paste\n    here\n    the\n    address;\n    nobody\n    may\n    ask\n    you\n    for\n    it",
	} {
		if got := Wrap(text, width, "    "); got != want {
			t.Errorf("%d: %q, want %q", width, got, want)
		}
	}
}
