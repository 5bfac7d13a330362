package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// unsafeSamples are a character of each kind that no output may hold: C0, DEL, C1, bidi, zero-width, tags, fillers,
// line and paragraph separators, the byte order mark.
const unsafeSamples = "\x00\x07\x1b\t\r\x7f\u0080\u0085\u009b\u00ad\u061c\u200b\u200d\u200e\u202e\u2028\u2029\u2066" +
	"\u3164\ufe0f\ufeff\ufff9\U000e0041\U000e0001\U0001f1e6\U000e0100"

// obeyed returns the characters of text that a terminal would obey or hide.
func obeyed(text string) string {
	var found strings.Builder
	for _, r := range text {
		if !isHarmless(r) {
			found.WriteRune(r)
		}
	}
	return found.String()
}

// JSON of any text is harmless, and decodes to the text.
func TestJSONOfHostileTexts(t *testing.T) {
	for _, text := range append(hostileTexts(), unsafeSamples, "<&>", "\U0001f600") {
		text = string([]rune(text)) // JSON has no place for bytes that are not UTF-8
		for _, indent := range []string{"", "    "} {
			var out bytes.Buffer
			if err := WriteJSON(&out, map[string][]string{text: {text}}, indent); err != nil {
				t.Fatal(err)
			}
			lines := strings.TrimSuffix(out.String(), "\n")
			if indent != "" {
				lines = strings.ReplaceAll(lines, "\n", "")
			}
			if found := obeyed(lines); found != "" {
				t.Errorf("%.40q: %.40q in the JSON %.80q", text, found, lines)
			}
			var back map[string][]string
			if err := json.Unmarshal(out.Bytes(), &back); err != nil || len(back[text]) != 1 || back[text][0] != text {
				t.Errorf("%.40q: reads as %.80q, %v", text, fmt.Sprint(back), err)
			}
		}
	}
	var out bytes.Buffer
	if err := WriteJSON(&out, "a<b\u202e\U000e0041", ""); err != nil || out.String() != `"a<b\u202e\udb40\udc41"`+"\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if err := WriteJSON(&out, func() {}, ""); err == nil {
		t.Error("a function has become JSON")
	}
}

// readField reads a field as its documentation says.
func readField(t *testing.T, field string) string {
	t.Helper()
	field = strings.TrimPrefix(field, "'")
	var b strings.Builder
	for field != "" {
		before, after, found := strings.Cut(field, `\`)
		b.WriteString(before)
		if !found {
			break
		}
		length := map[byte]int{'\\': 0, 'x': 2, 'u': 4, 'U': 8}[after[0]]
		switch code, err := strconv.ParseUint("0"+after[1:1+length], 16, 32); {
		case err != nil:
			t.Fatalf("%q: %v", field, err)
		case after[0] == '\\':
			b.WriteByte('\\')
		case after[0] == 'x':
			b.WriteByte(byte(code))
		default:
			b.WriteRune(rune(code))
		}
		field = after[1+length:]
	}
	return b.String()
}

// A field of any text is harmless, a single field, no formula, and decodes to the text.
func TestFieldsOfHostileTexts(t *testing.T) {
	long := strings.Repeat("\\u0041\u202e", 2000)
	more := []string{unsafeSamples, "", "'", "'=1", "=1", `\x41`, `\`, "\x9b\xff\xc0\x80", long}
	for _, text := range append(hostileTexts(), more...) {
		field := Field(text)
		if found := obeyed(field); found != "" || strings.Contains(field, "\ufffd") && !strings.Contains(text, "\ufffd") {
			t.Errorf("%.40q: %.40q in the field %.80q", text, found, field)
		}
		if field != "" && strings.IndexByte("=+-@", field[0]) >= 0 {
			t.Errorf("%.40q: the field %.80q is a formula", text, field)
		}
		if back := readField(t, field); back != text {
			t.Errorf("%.40q: the field %.80q reads as %.40q", text, field, back)
		}
	}
	if got, want := Field("-a\tb\\\U000e0041\x9b"), `'-a\u0009b\\\U000e0041\x9b`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
