package export

import (
	"errors"
	"strings"
)

// errNUL: no shell can hold it.
var errNUL = errors.New("a NUL byte cannot be written for a shell")

// errPlain: cmd and dotenv have no quoting that all their readers share.
var errPlain = errors.New("the value holds characters that cannot be written safely in this format")

// QuoteSh writes text as one word of a POSIX shell; plain words stay as they are.
func QuoteSh(text string) (string, error) {
	if text != "" && isPlain(text, "_-./:@,+") && text[0] != '-' {
		return text, nil
	}
	return quoteSh(text)
}

func isPlain(text, extra string) bool { return isMadeOf(text, upper+lower+digits+extra) }

// quoteSh: within '…' a POSIX shell reads every byte as it is, and there is no
// way to write a ' there.
func quoteSh(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errNUL
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'", nil
}

// quoteFish: within '…' fish reads \\ and \' as \ and '.
func quoteFish(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errNUL
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'", nil
}

// quotePowerShell: within '…' PowerShell takes ' and the typographic quotes for
// the end, unless doubled.
func quotePowerShell(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errNUL
	}
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range text {
		if r == '\'' || r >= '\u2018' && r <= '\u201b' {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	b.WriteByte('\'')
	return b.String(), nil
}

func plainCmd(text string) (string, error) {
	if !isPlain(text, "/+=_.:-") {
		return "", errPlain
	}
	return text, nil
}

func plainDotenv(text string) (string, error) { return plainCmd(text) }
