package terminal

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// maxPaste bounds a pasted address: codes and states are a few hundred bytes.
const maxPaste = 16 << 10

var errTooLong = errors.New("the pasted text is too long")

// A pasteBuffer collects what is typed or pasted until Enter. It takes the rest of a text that is too long, too: left
// in the terminal, the person's shell would run it.
type pasteBuffer struct {
	text    []byte
	tooLong bool
}

// bracketed paste marks that some terminals send around pasted text.
const pasteStart, pasteEnd = "\x1b[200~", "\x1b[201~"

// add takes one byte; done means the end of the line.
func (b *pasteBuffer) add(c byte) (done bool, err error) {
	switch {
	case (c == '\n' || c == '\r') && b.tooLong:
		return true, errTooLong
	case c == '\n' || c == '\r':
		return true, nil
	case c == 0x7f || c == '\b':
		_, size := utf8.DecodeLastRune(b.text)
		b.text = b.text[:len(b.text)-size]
	case len(b.text) == maxPaste:
		b.tooLong = true
	default:
		b.text = append(b.text, c)
	}
	return false, nil
}

func (b *pasteBuffer) String() string {
	return strings.NewReplacer(pasteStart, "", pasteEnd, "").Replace(string(b.text))
}
