package cli

import (
	"fmt"
	"strconv"
	"time"

	"rolecall/internal/batch"
)

// output returns how the lines of many commands are written.
func (a *App) output() batch.Output {
	return batch.Output{
		Stdout: a.Stdout, Stderr: a.Stderr, StdoutTerminal: isTerminal(a.Stdout), StderrTerminal: isTerminal(a.Stderr),
		Color: a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb", JSON: a.json,
	}
}

// A runSummary is the last line of a run with --json.
type runSummary struct {
	Targets   int     `json:"targets"`
	Succeeded int     `json:"succeeded"`
	Failed    int     `json:"failed"`
	NotRun    int     `json:"notRun"`
	ExitCode  int     `json:"exitCode"`
	Duration  float64 `json:"duration"` // seconds
}

// maxTable is how many results are shown one by one. If there are more, only those of
// commands that failed or did not run are.
const maxTable = 50

// summary reports the results of a run: a table on stderr, or the last object on stdout.
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
		_ = a.jsonLine(map[string]runSummary{"summary": s})
		return
	}
	t := &table{header: []string{"ACCOUNT ID", "NAME", "ROLE", "EXIT", "TIME", "WHY"}}
	for _, e := range ends {
		if len(ends) <= maxTable || e.NotRun || e.Code != 0 {
			t.rows = append(t.rows, endRow(e))
		}
	}
	if len(t.rows) > 0 {
		a.noteTable(t)
	}
	text := fmt.Sprintf("%d of %d succeeded", s.Succeeded, s.Targets)
	for _, other := range []struct {
		count int
		text  string
	}{{s.Failed, "failed"}, {s.NotRun, "not run"}} {
		if other.count > 0 {
			text += fmt.Sprintf(", %d %s", other.count, other.text)
		}
	}
	a.note("%s, in %s", text, shortDuration(took))
}

func endRow(e batch.End) []string {
	name := e.Account
	if e.Session != "" {
		name = e.Session + ":" + name
	}
	row := []string{e.AccountID, name, e.Role, "-", "", "not run"}
	if e.NotRun {
		return row
	}
	row[3], row[4], row[5] = strconv.Itoa(e.Code), shortDuration(e.Duration), ""
	if e.Err != nil {
		row[5] = e.Err.Error()
	}
	return row
}
