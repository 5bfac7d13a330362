package cli

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/export"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/terminal"
)

// Results go to stdout, all else to stderr as lines that start with "rolecall: ". Text from
// servers, files and arguments passes through Show.

// Show makes text from servers, files and arguments harmless to a terminal.
func (a *App) Show(text string) string { return terminal.ShowLine(text) }

// tell tells the person what is going on; with --json it prints nothing.
func (a *App) tell(format string, args ...any) {
	if !a.json {
		a.note(format, args...)
	}
}

// note prints a line to stderr, even with --json.
func (a *App) note(format string, args ...any) {
	fmt.Fprintf(a.Stderr, "rolecall: %s\n", a.Show(fmt.Sprintf(format, args...)))
}

// detail prints a line that belongs to the note before it.
func (a *App) detail(format string, args ...any) {
	fmt.Fprintf(a.Stderr, "  %s\n", a.Show(fmt.Sprintf(format, args...)))
}

// noteTable prints a table on stderr, after an empty line.
func (a *App) noteTable(t *table) {
	fmt.Fprintln(a.Stderr)
	_ = t.print(a.Stderr) // there is nowhere to report an error of stderr
}

// copy puts text on the clipboard of the person's terminal, over ssh, too (OSC 52).
func (a *App) copy(text string) {
	fmt.Fprintf(a.Stderr, "\x1b]52;c;%s\x07", base64.StdEncoding.EncodeToString([]byte(text)))
}

// warn reports an error that does not affect the result.
func (a *App) warn(err error) { a.warnTo(a.Stderr, err) }

// Warn reports an error that does not affect the result.
func (a *App) Warn(err error) { a.warn(err) }

func (a *App) warnTo(stderr io.Writer, err error) {
	fmt.Fprintf(stderr, "rolecall: warning: %s\n", a.Show(a.tidied(oneLine(err.Error()))))
}

// oneLine joins the lines of a message, such as those of errors.Join.
func oneLine(text string) string {
	return strings.Join(strings.Split(strings.TrimSpace(text), "\n"), "; ")
}

// Result prints a command's result: text, or with --json object as one line.
func (a *App) Result(text string, object any) error {
	if a.json {
		return a.jsonLine(object)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, err := io.WriteString(a.Stdout, text)
	return err
}

// printJSON writes a result as an indented JSON object.
func (a *App) printJSON(v any) error {
	return terminal.WriteJSON(a.Stdout, v, "    ")
}

// jsonLine writes a result as a line of JSON.
func (a *App) jsonLine(v any) error { return terminal.WriteJSON(a.Stdout, v, "") }

// fail prints an error with its facts and hint, and returns the exit code. No other place
// prints errors.
func (a *App) fail(r report) int {
	shown := func(text string) string { return a.Show(a.tidied(oneLine(text))) }
	if a.json { // programs open the paths in it
		shown = oneLine
	}
	r.Message = shown(r.Message)
	for i := range r.Facts {
		r.Facts[i] = shown(r.Facts[i])
	}
	if a.json {
		_ = terminal.WriteJSON(a.Stderr, map[string]report{"error": r}, "") // there is nowhere to report an error of stderr
		return r.Code
	}
	fmt.Fprintf(a.Stderr, "rolecall: %s\n", r.Message)
	for _, fact := range r.Facts[:min(len(r.Facts), maxFacts)] {
		fmt.Fprintf(a.Stderr, "  %s\n", fact)
	}
	if r.Hint != "" {
		fmt.Fprintf(a.Stderr, "rolecall: hint: %s\n", a.Show(r.Hint))
	}
	return r.Code
}

// maxFacts bounds the lines between an error and its hint.
const maxFacts = 4

// Tidy returns a path as people write it, with ~ for the home folder.
func (a *App) Tidy(path string) string { return filesystem.Tidy(path, a.Home) }

// tidied returns a message with ~ for the home folder in each path, as Tidy does.
func (a *App) tidied(text string) string {
	home := a.Home + string(filepath.Separator)
	if a.Home == "" || a.Home == string(filepath.Separator) {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, home)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if strings.TrimRight(before, "/\\.-_~") != before || endsWord(before) { // within another path
			b.WriteString(home)
		} else {
			b.WriteString("~" + string(filepath.Separator))
		}
		text = rest
	}
}

// endsWord reports whether text ends with a letter or digit.
func endsWord(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return text != "" && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// quotedPath quotes a path as Quoted does, with ~ for the home folder.
func (a *App) quotedPath(path string) string {
	if rest, ok := strings.CutPrefix(a.Tidy(path), "~"+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + Quoted(rest)
	}
	return Quoted(path)
}

// Quoted quotes an argument for a POSIX shell, on Windows for PowerShell, if needed.
func Quoted(text string) string {
	quote := export.QuoteSh
	if runtime.GOOS == "windows" {
		quote = export.QuotePowerShell
	}
	q, err := quote(text)
	if err != nil {
		return "…" // no shell can have a NUL in an argument
	}
	return q
}

func quotedLabel(s identitycenter.SSOSession) string { return fmt.Sprintf("%q", s.Label()) }

func quotedAll(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, fmt.Sprintf("%q", text))
	}
	return strings.Join(all, " or ")
}

// someOf begins a sentence about n of total things: "1 of 2 roles is", "2 of 3 roles are".
func someOf(n, total int, thing string) string {
	verb := "are"
	if n == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %s %s", n, Counted(total, thing), verb)
}

// Counted returns a number of things: "1 account", "2 accounts".
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// moment formats a time, with the time left until then.
func (a *App) moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	left := t.Sub(a.Now()).Truncate(time.Second)
	text := t.Local().Format("2006-01-02 15:04:05")
	switch {
	case left < 0:
		return text + " (over)"
	case left < 48*time.Hour:
		return fmt.Sprintf("%s (%s)", text, left)
	}
	return fmt.Sprintf("%s (%s)", text, Counted(int(left.Hours()/24), "day"))
}

// ago says how long ago something was.
func ago(d time.Duration) string {
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int(d / unit.is); n > 0 {
			return Counted(n, unit.name) + " ago"
		}
	}
	return "just now"
}

// left says how long something will last, in a few characters for prompts.
func left(d time.Duration) string {
	switch {
	case d <= 0:
		return "expired"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}

func shortDuration(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && terminal.IsTerminal(file)
}
