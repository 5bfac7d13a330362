package export

import (
	"errors"
	"strings"
	"testing"

	"rolecall/internal/hostile"
	"rolecall/internal/proof"
)

// hostileValues returns the hostile names without the one with a NUL, which no shell can hold. canary is the file that
// a value makes when it runs.
func hostileValues(canary string) []string {
	var values []string
	for _, name := range hostile.Names() {
		if !strings.ContainsRune(name, 0) {
			values = append(values, strings.ReplaceAll(name, "CANARYPATH", canary))
		}
	}
	return values
}

// broken lists values that are not UTF-8; JSON cannot hold them.
var broken = []string{"\x9b31m", "\xff", "\xc0\x80", "\xed\xa0\x80", "a\xe2\x80", "\xe2'", "'\xc3"}

func TestPowerShellReadsBackEveryValue(t *testing.T) {
	values := append(hostileValues("/canary"), "‘", "’’", "‚'‛", "'‘'", "''‘")
	for _, value := range values {
		quoted, err := quotePowerShell(value)
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if got, rest := readPowerShell(t, quoted); got != value || rest != "" {
			t.Errorf("%q became %q, and %q behind it", value, got, rest)
		}
	}
	proof.Note(t, "names", len(values), len(values))
}

// readPowerShell reads a '…' as PowerShell's tokenizer does: each of five
// characters opens and ends it, and any two of them in a row are the second.
func readPowerShell(t *testing.T, text string) (value, rest string) {
	t.Helper()
	isQuote := func(r rune) bool { return strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) }
	runes := []rune(text)
	if len(runes) == 0 || !isQuote(runes[0]) {
		t.Fatalf("%q opens with no quote", text)
	}
	var read []rune
	for i := 1; i < len(runes); i++ {
		if isQuote(runes[i]) {
			if i+1 == len(runes) || !isQuote(runes[i+1]) {
				return string(read), string(runes[i+1:])
			}
			i++
		}
		read = append(read, runes[i])
	}
	t.Fatalf("%q does not end", text)
	return "", ""
}

func TestNoShellIsGivenANUL(t *testing.T) {
	for name, quote := range map[string]func(string) (string, error){
		"QuoteSh": QuoteSh, "quoteSh": quoteSh, "quoteFish": quoteFish, "quotePowerShell": quotePowerShell,
		"quoteElvish": quoteElvish, "quoteCsh": quoteCsh,
	} {
		if quoted, err := quote("a\x00b"); !errors.Is(err, errNUL) || quoted != "" {
			t.Errorf("%s: %q, %v", name, quoted, err)
		}
	}
}

func TestCmdAndDotenvAreGivenPlainWordsOnly(t *testing.T) {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+=_.:-@,"
	for _, value := range append(append(hostileValues("/canary"), broken...), "a\x00b", "", plain) {
		isPlain := strings.Trim(value, plain) == ""
		for name, quote := range map[string]func(string) (string, error){"cmd": plainCmd, "dotenv": plainDotenv} {
			quoted, err := quote(value)
			if isPlain && (err != nil || quoted != value) || !isPlain && (!errors.Is(err, errPlain) || quoted != "") {
				t.Errorf("%s: %q became %q, %v", name, value, quoted, err)
			}
		}
	}
}

func TestPlainWordsStayReadable(t *testing.T) {
	for text, want := range map[string]string{
		"dev": "dev", "a/b.c:d-e_f@g,h+i": "a/b.c:d-e_f@g,h+i", "": "''", "-x": "'-x'", "~": "'~'", "a b": "'a b'",
		"it's": `'it'\''s'`, "é": "'é'",
	} {
		if got, err := QuoteSh(text); err != nil || got != want {
			t.Errorf("%q became %s, %v", text, got, err)
		}
	}
}

func TestPlainPowerShellWordsStayReadable(t *testing.T) {
	for text, want := range map[string]string{
		"dev": "dev", `C:\Users\me\.aws`: `C:\Users\me\.aws`, "": "''", "-x": "'-x'", "a b": "'a b'", "it's": "'it''s'",
		"@x": "'@x'", "a,b": "'a,b'", "$x": "'$x'",
	} {
		if got, err := QuotePowerShell(text); err != nil || got != want {
			t.Errorf("%q became %s, %v", text, got, err)
		}
	}
}
