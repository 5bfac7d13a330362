package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rolecall/internal/terminal"
)

// maxLineRead bounds an answer at the terminal.
const maxLineRead = 4096

// ask asks the person at the terminal for a line; Enter alone takes fallback.
func (a *App) ask(ctx context.Context, question, fallback string) (string, error) {
	fmt.Fprintf(a.Stderr, "rolecall: %s", terminal.ShowLine(question))
	if fallback != "" {
		fmt.Fprintf(a.Stderr, " [%s]", terminal.ShowLine(fallback))
	}
	fmt.Fprint(a.Stderr, ": ")
	line, err := a.readLine(ctx)
	if err == nil && line == "" {
		line = fallback
	}
	return line, err
}

// agree asks a question whose answer is yes when the person just presses Enter.
func (a *App) agree(ctx context.Context, question string) (bool, error) {
	for {
		fmt.Fprintf(a.Stderr, "rolecall: %s [Y/n] ", terminal.ShowLine(question))
		line, err := a.readLine(ctx)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(line) {
		case "", "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// readLine reads a line from stdin, and not a byte more: the next question has its own
// answer. The end of the input is an interruption.
func (a *App) readLine(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		var line []byte
		for b := []byte{0}; len(line) < maxLineRead; {
			if n, err := a.Stdin.Read(b); n == 0 || err != nil {
				answers <- answer{err: ErrInterrupted}
				return
			}
			if b[0] == '\n' || b[0] == '\r' {
				answers <- answer{line: strings.TrimSpace(string(line))}
				return
			}
			line = append(line, b[0])
		}
		answers <- answer{err: errors.New("the answer is too long")}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-answers:
		return a.line, a.err
	}
}
