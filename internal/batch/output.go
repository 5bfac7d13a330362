package batch

import (
	"io"
	"strings"
	"sync"

	"charm.land/lipgloss/v2"

	"rolecall/internal/terminal"
)

// An Output says where the commands' lines go, and in which form.
//
// The plain form is LABEL/ROLE | LINE: stdout's to Stdout, stderr's to Stderr. Anything but a terminal gets each line
// byte for byte. On a terminal the lines of many commands are interleaved, and no command knows where it is: so
// colours pass, and what would move, erase or overwrite is shown as an escape.
//
// The JSON form is an object for each line, and one for each end, all to Stdout.
type Output struct {
	Stdout, Stderr                 io.Writer
	StdoutTerminal, StderrTerminal bool
	Color                          bool // of the labels, on terminals
	JSON                           bool
}

// A printer writes whole lines of many commands, one write at a time.
type printer struct {
	Output
	targets  []Target
	prefixes []string // of the plain form
	stop     func(error)

	mu  sync.Mutex
	err error // of the first write that failed
}

func newPrinter(o Output, targets []Target, stop func(error)) *printer {
	p := &printer{Output: o, targets: targets, stop: stop}
	labels := Labels(targets)
	width := 0
	for _, label := range labels {
		width = max(width, lipgloss.Width(label))
	}
	for _, label := range labels {
		p.prefixes = append(p.prefixes, label+strings.Repeat(" ", width-lipgloss.Width(label))+" | ")
	}
	return p
}

// maxLabel is how many cells of a terminal an account's label takes.
const maxLabel = 32

// Labels returns a name for each target that a terminal can show: ACCOUNT/ROLE, with the account's id where two would
// be alike.
func Labels(targets []Target) []string {
	labels := make([]string, len(targets))
	count := map[string]int{}
	for n, t := range targets {
		labels[n] = t.of() + Label(t.Account) + "/" + Label(t.Role)
		count[labels[n]]++
	}
	for n, t := range targets {
		if count[labels[n]] > 1 {
			labels[n] = t.of() + Label(t.Account) + " (" + t.AccountID + ")/" + Label(t.Role)
		}
	}
	return labels
}

func (t Target) of() string {
	if t.Session == "" {
		return ""
	}
	return Label(t.Session) + ":"
}

// Label makes foreign text harmless, and short.
func Label(text string) string {
	text = terminal.Show(text)
	if lipgloss.Width(text) <= maxLabel {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && lipgloss.Width(string(runes)) >= maxLabel {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// lines returns the writer for one stream of target n.
func (p *printer) lines(n int, stream string) lineWriter {
	return func(lines []line) {
		var b []byte
		w, screen := p.Stdout, p.StdoutTerminal
		if stream == "stderr" && !p.JSON {
			w, screen = p.Stderr, p.StderrTerminal
		}
		for _, l := range lines {
			if p.JSON {
				b = appendJSON(b, newJSONLine(p.targets[n], stream, l))
			} else {
				b = p.appendPlain(b, n, l.text, screen)
			}
		}
		p.write(w, b)
	}
}

// ended reports an end: in JSON every one, else those that the command does not report itself.
func (p *printer) ended(n int, e End) {
	switch {
	case p.JSON:
		p.write(p.Stdout, appendJSON(nil, newJSONEnd(e)))
	case e.Err != nil:
		p.write(p.Stderr, p.appendPlain(nil, n, []byte("rolecall: "+terminal.ShowLine(e.Err.Error())), p.StderrTerminal))
	}
}

// colours are for labels in turn: cyan, yellow, green, magenta, blue, bright red.
const colours = "36 33 32 35 34 91"

func (p *printer) appendPlain(b []byte, n int, text []byte, screen bool) []byte {
	prefix := p.prefixes[n]
	if screen && p.Color {
		all := strings.Fields(colours)
		prefix = "\x1b[" + all[n%len(all)] + "m" + prefix + "\x1b[0m"
	}
	b = append(b, prefix...)
	if screen {
		b = append(b, terminal.ShowOutput(string(text))...)
	} else {
		b = append(b, text...)
	}
	return append(b, '\n')
}

func (p *printer) write(w io.Writer, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	if _, p.err = w.Write(b); p.err != nil {
		p.stop(p.err)
	}
}

// failed returns the error of the first write that failed.
func (p *printer) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
