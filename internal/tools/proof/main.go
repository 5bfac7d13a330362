// Command proof writes docs/proof.md from what the tests have noted in a file.
//
//	go run ./internal/tools/proof FILE >docs/proof.md
//	go run ./internal/tools/proof -tests               the pattern of these tests
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"rolecall/internal/proof"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, w io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: proof FILE | -tests")
	}
	if args[0] == "-tests" {
		_, err := fmt.Fprintln(w, pattern())
		return err
	}
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	sums, err := sum(file)
	if err != nil {
		return err
	}
	commit, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return err
	}
	return write(w, sums, strings.TrimSpace(string(commit)), time.Now())
}

// sum adds up the lines of each row.
func sum(r io.Reader) (map[string]proof.Line, error) {
	sums := map[string]proof.Line{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var l proof.Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		if !slices.ContainsFunc(table(), func(r row) bool { return r.id == l.Row }) {
			return nil, fmt.Errorf("%q is no row of the table", l.Row)
		}
		s := sums[l.Row]
		sums[l.Row] = proof.Line{Row: l.Row, Tried: s.Tried + l.Tried, Held: s.Held + l.Held}
	}
	return sums, lines.Err()
}

func write(w io.Writer, sums map[string]proof.Line, commit string, at time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, before, commit, at.UTC().Format("2006-01-02"), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU())
	for _, r := range table() {
		s, ran := sums[r.id]
		tried, held := number(s.Tried), number(s.Held)
		if !ran {
			tried, held = "not run", "–"
		}
		command := strings.ReplaceAll(r.command(), "|", `\|`)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", r.attack, r.holds, tried, held, command)
	}
	b.WriteString(after)
	_, err := io.WriteString(w, b.String())
	return err
}

// number writes a number with commas.
func number(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

const before = `# Proof

If you want evidence before you trust rolecall, these are the attacks and faults it was tested with, and how often it
held. Repeat a row with its command. ` + "`make proof`" + ` runs all of them and writes this page.
` + "`make soak`" + ` does so with larger numbers, in about an hour. A failed test counts as held zero times.

Last run: commit %s, %s, %s with %d processors.

| Attack or fault | What holds | Tried | Held | Command |
|---|---|---|---|---|
`

const after = `
## What cannot be tested here

- AWS itself: its grace period after a refresh, its limits and its pages are known only from documentation and clients.
- macOS: both programs are only built and vetted. They use lsof to find a connection's owner; Linux's lsof is tested.
- Windows: tests run under wine, which has one user, so no test covers processes of other users.
- Power loss: tests assert that data is written, synced and renamed in this order; no disk was unplugged.
- Root, and malware that stays and runs as the same user: rolecall does not defend against them. See SECURITY.md.
`
