package batch

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// maxLine is how much of one line is kept. A longer one comes in pieces.
const maxLine = 1 << 20

// A line is one without its line break. All pieces but the last of a long one continue.
type line struct {
	text      []byte
	continues bool
}

// A lineWriter gets the lines of one stream, and keeps none.
type lineWriter func([]line)

// readLines reads a stream until it ends. Lines come as soon as they are there; those
// that come together are given together. The last one may lack its line break.
func readLines(r io.Reader, give lineWriter) {
	chunk := make([]byte, 32<<10)
	var rest []byte
	for {
		n, err := r.Read(chunk)
		rest = append(rest, chunk[:n]...)
		var lines []line
		for {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			lines = append(lines, line{text: rest[:end]})
			rest = rest[end+1:]
		}
		if len(rest) >= maxLine {
			cut := wholeRunes(rest)
			lines = append(lines, line{rest[:cut], true})
			rest = rest[cut:]
		}
		if err != nil && len(rest) > 0 {
			lines = append(lines, line{text: rest})
		}
		if len(lines) > 0 {
			give(lines)
			rest = append([]byte(nil), rest...) // lets go of what was given
		}
		if err != nil {
			return
		}
	}
}

// wholeRunes is the length of text without a character that is not all there yet.
func wholeRunes(text []byte) int {
	for n := 1; n < utf8.UTFMax; n++ {
		if start := len(text) - n; utf8.RuneStart(text[start]) {
			if !utf8.FullRune(text[start:]) {
				return start
			}
			break
		}
	}
	return len(text)
}
