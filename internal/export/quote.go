package export

import (
	"errors"
	"strings"
	"unicode/utf8"

	"rolecall/internal/identitycenter"
)

// errNUL is returned since no shell can hold a NUL byte.
var errNUL = errors.New("a NUL byte cannot be written for a shell")

// errPlain is returned since cmd and dotenv have no quoting that all their readers share.
var errPlain = errors.New("the value holds characters that cannot be written safely in this format")

// errUTF8 is returned since elvish reads no other code.
var errUTF8 = errors.New("the value is not UTF-8, and cannot be written for this shell")

// errLines is returned since csh loses line ends in what it evaluates.
var errLines = errors.New("the value has several lines, and cannot be written for this shell")

// QuoteSh writes text as one word of a POSIX shell; plain words stay as they are.
func QuoteSh(text string) (string, error) {
	if text != "" && isPlain(text, "_-./:@,+") && text[0] != '-' {
		return text, nil
	}
	return quoteSh(text)
}

func isPlain(text, extra string) bool { return isMadeOf(text, upper+lower+digits+extra) }

// quoteSh quotes for a POSIX shell: within '…' it reads every byte as it is, and cannot have a '.
func quoteSh(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errNUL
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'", nil
}

// quoteFish quotes for fish: within '…' it reads \\ and \' as \ and '.
func quoteFish(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errNUL
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'", nil
}

// quotePowerShell quotes for PowerShell: within '…' a ' or typographic quote ends the text, unless doubled.
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

// QuotePowerShell writes text as one word of PowerShell; plain words stay as they are.
func QuotePowerShell(text string) (string, error) {
	if text != "" && isPlain(text, `_./:\+-`) && text[0] != '-' {
		return text, nil
	}
	return quotePowerShell(text)
}

// quoteElvish quotes for elvish: within '…' it reads ” as '.
func quoteElvish(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errNUL
	}
	if !utf8.ValidString(text) {
		return "", errUTF8
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'", nil
}

// quoteCsh quotes for csh and tcsh: within '…' they cannot have a ', and read ! as an event of their history. Between
// `…` they lose line ends.
func quoteCsh(text string) (string, error) {
	switch {
	case strings.ContainsRune(text, 0):
		return "", errNUL
	case strings.ContainsRune(text, '\n'):
		return "", errLines
	}
	return "'" + strings.NewReplacer(`'`, `'\''`, `!`, `'\!'`).Replace(text) + "'", nil
}

func plainCmd(text string) (string, error) {
	if !isMadeOf(text, identitycenter.Plain) {
		return "", errPlain
	}
	return text, nil
}

func plainDotenv(text string) (string, error) { return plainCmd(text) }
