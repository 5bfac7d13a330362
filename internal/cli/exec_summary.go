package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"rolecall/internal/batch"
	"rolecall/internal/terminal"
)

// output is how the lines of many commands are written in the app's world.
func (a *App) output() batch.Output {
	isTerminal := func(w any) bool {
		file, ok := w.(*os.File)
		return ok && terminal.IsTerminal(file)
	}
	return batch.Output{
		Stdout: a.Stdout, Stderr: a.Stderr, StdoutTerminal: isTerminal(a.Stdout), StderrTerminal: isTerminal(a.Stderr),
		Color: a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb", JSON: a.json,
	}
}

// A runSummary is the last line of a run in JSON.
type runSummary struct {
	Targets   int     `json:"targets"`
	Succeeded int     `json:"succeeded"`
	Failed    int     `json:"failed"`
	NotRun    int     `json:"notRun"`
	ExitCode  int     `json:"exitCode"`
	Duration  float64 `json:"duration"` // seconds
}

// maxTable is how many ends are shown one by one. Of more than that, only those that
// are no success.
const maxTable = 50

// summary says what came of a run: a table on stderr, or the last object on stdout.
func (a *App) summary(ends []batch.End, code int, took time.Duration) {
	s := runSummary{Targets: len(ends), ExitCode: code, Duration: took.Seconds()}
	for _, e := range ends {
		switch {
		case e.NotRun:
			s.NotRun++
		case e.Code != 0:
			s.Failed++
		default:
			s.Succeeded++
		}
	}
	if a.json {
		data, _ := json.Marshal(map[string]runSummary{"summary": s})
		fmt.Fprintf(a.Stdout, "%s\n", data)
		return
	}
	rows := [][]string{{"ACCOUNT", "", "ROLE", "EXIT", "TIME", ""}}
	for _, e := range ends {
		if len(ends) <= maxTable || e.NotRun || e.Code != 0 {
			rows = append(rows, endRow(e))
		}
	}
	if len(rows) > 1 {
		fmt.Fprint(a.Stderr, "\n"+columns(rows))
	}
	fmt.Fprintf(a.Stderr, "rolecall: %d of %d succeeded", s.Succeeded, s.Targets)
	for _, other := range []struct {
		count int
		text  string
	}{{s.Failed, "failed"}, {s.NotRun, "not run"}} {
		if other.count > 0 {
			fmt.Fprintf(a.Stderr, ", %d %s", other.count, other.text)
		}
	}
	fmt.Fprintf(a.Stderr, ", in %s\n", shortDuration(took))
}

func endRow(e batch.End) []string {
	row := []string{e.AccountID, batch.Label(e.Account), batch.Label(e.Role), "-", "", "not run"}
	if e.NotRun {
		return row
	}
	row[3], row[4], row[5] = strconv.Itoa(e.Code), shortDuration(e.Duration), ""
	if e.Err != nil {
		row[5] = terminal.Show(e.Err.Error())
	}
	return row
}

func shortDuration(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// columns aligns rows of text that a terminal may show, by its cells.
func columns(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for n, cell := range row {
			if n == len(widths) {
				widths = append(widths, 0)
			}
			widths[n] = max(widths[n], lipgloss.Width(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var cells []string
		for n, cell := range row {
			cells = append(cells, cell+strings.Repeat(" ", widths[n]-lipgloss.Width(cell)))
		}
		b.WriteString(strings.TrimRight(strings.Join(slices.DeleteFunc(cells, func(c string) bool { return c == "" }), "  "), " ") + "\n")
	}
	return b.String()
}
