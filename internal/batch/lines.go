package batch

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// maxLine is how much of one line is kept. A longer one comes in pieces.
const maxLine = 1 << 20

// A line comes without its line break. All pieces but the last of a long one continue.
type line struct {
	text      []byte
	continues bool
}

// A lineWriter takes the lines of one stream, and does not keep them.
type lineWriter func([]line)

// readLines reads a stream until it ends, and passes on lines as soon as they arrive, all that arrived together at
// once. The last one may lack its line break.
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
			rest = append([]byte(nil), rest...) // does not share what was passed on
		}
		if err != nil {
			return
		}
	}
}

// wholeRunes returns the length of text without an incomplete character at its end.
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
