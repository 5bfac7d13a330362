package terminal

import (
	"context"
	"os"

	"golang.org/x/term"
)

// ReadPaste reads one line that a person pastes or types, of up to 16 KiB and without showing it. When ctx ends, the
// error is its cause; the console is restored in any case. Windows cannot cancel the read itself: it goes on until
// the next key or the end of the program.
func ReadPaste(ctx context.Context, in *os.File) (string, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(in.Fd()), before) }()
	type result struct {
		text string
		err  error
	}
	results := make(chan result, 1)
	go func() {
		text, err := readLine(in)
		results <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case r := <-results:
		return r.text, r.err
	}
}

// readLine reads until Enter. In raw mode Ctrl-C is a byte of its own.
func readLine(in *os.File) (string, error) {
	var line pasteBuffer
	chunk := make([]byte, 4096)
	for {
		n, err := in.Read(chunk)
		if err != nil {
			return "", err
		}
		for _, c := range chunk[:n] {
			if c == 3 {
				return "", context.Canceled
			}
			if done, err := line.add(c); done {
				return line.String(), err
			}
		}
	}
}
