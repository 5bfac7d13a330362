//go:build unix

package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unicode/utf8"

	"rolecall/internal/hostile"
	"rolecall/internal/proof"
)

// A buffer can be written to concurrently, and signals writes.
type buffer struct {
	mu    sync.Mutex
	b     bytes.Buffer
	wrote chan struct{} // may be nil
}

func (w *buffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wrote != nil {
		select {
		case w.wrote <- struct{}{}:
		default:
		}
	}
	return w.b.Write(p)
}

func (w *buffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// A run is a batch of one shell script for n targets; N is the target's number.
type run struct {
	Batch
	targets     []Target
	stdout, err buffer
}

func newRun(t *testing.T, script string, n int) *run {
	t.Helper()
	path, _, err := Look("sh")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{}
	r.Batch = Batch{
		Path: path, Argv: []string{"sh", "-c", script}, Parallel: 4, Output: Output{Stdout: &r.stdout, Stderr: &r.err},
		Environment: func(_ context.Context, t Target) ([]string, error) {
			return []string{"PATH=" + os.Getenv("PATH"), "N=" + t.AccountID}, nil
		},
		Code: func(error) int { return 4 },
	}
	for i := range n {
		r.targets = append(r.targets, Target{AccountID: fmt.Sprint(i), Account: fmt.Sprintf("a%d", i), Role: "R"})
	}
	return r
}

func (r *run) run(t *testing.T) []End {
	t.Helper()
	ends, err := r.Run(t.Context(), r.targets)
	if err != nil {
		t.Fatal(err)
	}
	return ends
}

// sorted returns the lines of an output in sorted order.
func sorted(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func TestEachCommandHasItsEnvironmentAndItsEnd(t *testing.T) {
	r := newRun(t, `echo "out $N"; echo "err $N" >&2; read x && exit 99; [ "$N" = 3 ] && kill -KILL $$; exit "$N"`, 5)
	ends := r.run(t)
	for n, e := range ends {
		want, problem := n, ""
		if n == 3 {
			want, problem = 137, "signal 9: killed"
		}
		if e.Code != want || e.NotRun || fmt.Sprint(e.Err) != problem && (e.Err != nil || problem != "") ||
			e.AccountID != fmt.Sprint(n) || e.Duration <= 0 {
			t.Errorf("%d ended as %+v", n, e)
		}
	}
	if got := sorted(r.stdout.String()); got != "a0/R | out 0\na1/R | out 1\na2/R | out 2\na3/R | out 3\na4/R | out 4\n" {
		t.Errorf("stdout:\n%s", got)
	}
	if got := sorted(r.err.String()); got != "a0/R | err 0\na1/R | err 1\na2/R | err 2\na3/R | err 3\n"+
		"a3/R | rolecall: signal 9: killed\na4/R | err 4\n" {
		t.Errorf("stderr:\n%s", got)
	}
}

func TestNoMoreThanParallelRunAtATime(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, `mkdir "$DIR/$N" && set -- "$DIR"/[0-9]* && echo $#; rmdir "$DIR/$N"`, 20)
	r.Parallel = 3
	r.Environment = func(_ context.Context, t Target) ([]string, error) {
		return []string{"PATH=" + os.Getenv("PATH"), "DIR=" + dir, "N=" + t.AccountID}, nil
	}
	for n, e := range r.run(t) {
		if e.Code != 0 {
			t.Errorf("%d ended with %d", n, e.Code)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(r.stdout.String()), "\n") {
		if _, count, _ := strings.Cut(line, " | "); count != "1" && count != "2" && count != "3" {
			t.Errorf("%q ran at a time", line)
		}
	}
}

func TestATargetWithoutCredentials(t *testing.T) {
	r := newRun(t, "exit 0", 3)
	none := errors.New("no access to \x1b[2J it")
	environment := r.Environment
	r.Environment = func(ctx context.Context, t Target) ([]string, error) {
		if t.AccountID == "1" {
			return nil, none
		}
		return environment(ctx, t)
	}
	ends := r.run(t)
	if ends[1].Code != 4 || ends[1].Err != none || ends[0].Failed() || ends[2].Failed() {
		t.Errorf("ended as %+v", ends)
	}
	if got := r.err.String(); got != "a1/R | rolecall: no access to \\u001b[2J it\n" {
		t.Errorf("stderr %q", got)
	}
}

func TestAProgramThatDoesNotStart(t *testing.T) {
	if _, code, err := Look("no-such-program"); code != NotFound || err == nil {
		t.Errorf("%d, %v", code, err)
	}
	if _, code, err := Look("./batch_test.go"); code != NotExecutable || err == nil {
		t.Errorf("%d, %v", code, err)
	}
	path := t.TempDir() + "/program"
	if err := os.WriteFile(path, []byte("\x00neither script nor program"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := newRun(t, "", 2)
	r.Path = path
	for _, e := range r.run(t) {
		if e.Code != NotExecutable || e.Err == nil {
			t.Errorf("ended as %+v", e)
		}
	}
}

func TestStopOnErrorStartsNoMore(t *testing.T) {
	r := newRun(t, `[ "$N" = 1 ] && exit 7; exit 0`, 6)
	r.Parallel, r.StopOnError = 1, true
	ends := r.run(t)
	if ends[0].NotRun || ends[0].Code != 0 || ends[1].Code != 7 {
		t.Errorf("ended as %+v", ends)
	}
	for n, e := range ends[2:] {
		if !e.NotRun || e.Failed() || e.Code != 0 {
			t.Errorf("%d ended as %+v", n+2, e)
		}
	}
}

// A target that waits for credentials when the run stops is not run, and has not failed.
func TestStopOnErrorDoesNotWaitForCredentials(t *testing.T) {
	r := newRun(t, `exit 7`, 2)
	r.Parallel, r.StopOnError = 2, true
	waits := make(chan struct{})
	r.Environment = func(ctx context.Context, t Target) ([]string, error) {
		if t.AccountID == "1" {
			close(waits)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		<-waits
		return nil, nil
	}
	if ends := r.run(t); ends[0].Code != 7 || !ends[1].NotRun {
		t.Errorf("ended as %+v", ends)
	}
}

func TestASignalReachesAllAndNoMoreStart(t *testing.T) {
	r := newRun(t, `trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.01; done`, 6)
	r.Parallel, r.stdout.wrote = 2, make(chan struct{}, 1)
	go func() {
		for strings.Count(r.stdout.String(), "up") < 2 {
			<-r.stdout.wrote
		}
		r.Signal(syscall.SIGTERM, true)
	}()
	ends := r.run(t)
	for n, e := range ends {
		if n < 2 && e.Code != 5 || n >= 2 && !e.NotRun {
			t.Errorf("%d ended as %+v", n, e)
		}
	}
	if got := strings.Count(r.stdout.String(), "bye"); got != 2 {
		t.Errorf("%d were told", got)
	}
}

func TestASignalBeforeTheRun(t *testing.T) {
	r := newRun(t, `exit 0`, 2)
	r.Signal(syscall.SIGTERM, true)
	for _, e := range r.run(t) {
		if !e.NotRun {
			t.Errorf("ended as %+v", e)
		}
	}
}

// Processes that an interrupted command leaves behind do not hold up the end.
func TestAChildInTheBackgroundDoesNotHoldAnInterruptedRun(t *testing.T) {
	r := newRun(t, `sleep 1000 & echo $!; kill -TERM $$`, 1)
	r.stdout.wrote = make(chan struct{}, 1)
	go func() {
		<-r.stdout.wrote
		r.Signal(syscall.SIGWINCH, true)
	}()
	if ends := r.run(t); ends[0].Code != 143 {
		t.Errorf("ended as %+v", ends)
	}
	var pid int
	if _, err := fmt.Sscanf(r.stdout.String(), "a0/R | %d\n", &pid); err != nil {
		t.Fatalf("%v in %q", err, r.stdout.String())
	}
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestOutputThatCannotBeWrittenEndsTheRun(t *testing.T) {
	r := newRun(t, `seq 100000`, 5)
	r.Output.Stdout, r.Parallel = fullDisk{}, 1
	ends, err := r.Run(t.Context(), r.targets)
	if !errors.Is(err, syscall.ENOSPC) || ends[0].Code != 0 || !ends[4].NotRun {
		t.Errorf("%v, ended as %+v", err, ends)
	}
}

func TestLinesAreNotMixed(t *testing.T) {
	r := newRun(t, `i=0; while [ $i -lt 300 ]; do echo "$N out $i"; echo "$N err $i" >&2; i=$((i+1)); done; `+
		`printf "$N end"`, 8)
	r.Parallel = 8
	r.run(t)
	for name, b := range map[string]*buffer{"out": &r.stdout, "err": &r.err} {
		next := map[string]int{}
		for l := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\n"), "\n") {
			var label, n, kind string
			var i int
			if strings.HasSuffix(l, " end") {
				continue
			}
			if _, err := fmt.Sscanf(l, "%s | %s %s %d", &label, &n, &kind, &i); err != nil || label != "a"+n+"/R" ||
				kind != name || next[n] != i {
				t.Fatalf("line %q, wanted %s %d: %v", l, n, next[n], err)
			}
			next[n]++
		}
	}
	if n := strings.Count(r.stdout.String(), " end\n"); n != 8 {
		t.Errorf("%d last lines", n)
	}
}

func read(t *testing.T, r io.Reader) (lines []line) {
	t.Helper()
	readLines(r, func(more []line) {
		for _, l := range more {
			lines = append(lines, line{bytes.Clone(l.text), l.continues})
		}
	})
	return lines
}

func TestLines(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "\n": {""}, "a": {"a"}, "a\n": {"a"}, "a\n\nb": {"a", "", "b"}, "\xff\x00\r\n": {"\xff\x00\r"},
	} {
		for _, r := range []io.Reader{strings.NewReader(text), oneByte{strings.NewReader(text)}} {
			var got []string
			for _, l := range read(t, r) {
				got = append(got, string(l.text))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q has the lines %q", text, got)
			}
		}
	}
}

// oneByte reads a byte at a time.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }

func TestALongLineComesInPieces(t *testing.T) {
	long := strings.Repeat("é", maxLine) + "\nnext\n"
	lines := read(t, strings.NewReader("x"+long))
	var whole strings.Builder
	for _, l := range lines {
		if !utf8.Valid(l.text) {
			t.Fatal("a character is cut in two")
		}
		whole.Write(l.text)
		if !l.continues {
			whole.WriteByte('\n')
		}
	}
	if whole.String() != "x"+long || len(lines) < 3 || len(lines[0].text) > maxLine+(64<<10) {
		t.Errorf("%d pieces, the first of %d bytes", len(lines), len(lines[0].text))
	}
	if lines := read(t, strings.NewReader(strings.Repeat("\xbf", maxLine+10))); len(lines) != 2 {
		t.Errorf("%d pieces of what is no UTF-8", len(lines))
	}
}

func TestJSON(t *testing.T) {
	r := newRun(t, `printf 'a<b\377\n'; printf 'x\033[2J' >&2; exit "$N"`, 2)
	r.Output.JSON, r.Output.StdoutTerminal, r.Parallel = true, true, 1
	r.targets[1].Account = "\x1b]0;evil\a\nname"
	r.StopOnError = true
	r.targets = append([]Target{r.targets[1]}, append(r.targets[:1:1], r.targets[0])...)
	r.run(t)
	if r.err.String() != "" {
		t.Errorf("stderr %q", r.err.String())
	}
	var got []map[string]any
	for l := range strings.Lines(r.stdout.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(l), &object); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		if _, is := object["duration"].(float64); is != (object["line"] == nil) {
			t.Errorf("%s", l)
		}
		delete(object, "duration")
		got = append(got, object)
	}
	account := map[string]any{"accountId": "1", "account": "\x1b]0;evil\a\nname", "role": "R"}
	with := func(other map[string]any) string {
		for key, value := range account {
			if other[key] == nil {
				other[key] = value
			}
		}
		return fmt.Sprint(other)
	}
	want := []string{
		with(map[string]any{"stream": "stdout", "line": "a<b\ufffd"}),
		with(map[string]any{"stream": "stderr", "line": "x\x1b[2J"}),
		with(map[string]any{"exitCode": float64(1)}),
	}
	for range 2 {
		want = append(want, fmt.Sprint(map[string]any{
			"accountId": "0", "account": "a0", "role": "R", "exitCode": nil,
			"error": "not run",
		}))
	}
	var texts []string
	for _, object := range got {
		texts = append(texts, fmt.Sprint(object))
	}
	if len(texts) > 1 && strings.Contains(texts[0], "stderr") { // two pipes: either may come first
		texts[0], texts[1] = texts[1], texts[0]
	}
	if !slices.Equal(texts, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(texts, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatATerminalGets(t *testing.T) {
	r := newRun(t, `printf '\033[31mred\033[2K\r50%%\033]0;t\a\tx\233\r\n'`, 1)
	r.run(t)
	if got := r.stdout.String(); got != "a0/R | \x1b[31mred\x1b[2K\r50%\x1b]0;t\a\tx\x9b\r\n" {
		t.Errorf("a file gets %q", got)
	}
	r = newRun(t, r.Argv[2], 1)
	r.Output.StdoutTerminal = true
	r.run(t)
	if got := r.stdout.String(); got != "a0/R | \x1b[31mred\\u001b[2K\\u000d50%\\u001b]0;t\\u0007\tx\\x9b\x1b[0m\n" {
		t.Errorf("a terminal gets %q", got)
	}
	r = newRun(t, "echo x", 1)
	r.Output.StdoutTerminal, r.Output.Color = true, true
	r.run(t)
	if got := r.stdout.String(); got != "\x1b[36ma0/R | \x1b[0mx\n" {
		t.Errorf("with colours it gets %q", got)
	}
}

func TestLabels(t *testing.T) {
	targets := []Target{
		{AccountID: "1", Account: "prod", Role: "Admin"},
		{AccountID: "2", Account: "prod", Role: "Admin"},
		{AccountID: "3", Account: "prod", Role: "ReadOnly"},
		{AccountID: "4", Account: "\x1b[2Jx\n\u202e", Role: "R"},
		{AccountID: "5", Account: strings.Repeat("日", 40), Role: "R"},
		{AccountID: "6", Account: "", Role: "R"},
		{Session: "corp\x1b", AccountID: "1", Account: "prod", Role: "Admin"},
	}
	want := []string{
		"prod (1)/Admin", "prod (2)/Admin", "prod/ReadOnly", `\u001b[2Jx\u000a\u202e/R`,
		strings.Repeat("日", 15) + "…/R", "/R", `corp\u001b:prod/Admin`,
	}
	if got := Labels(targets); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	p := newPrinter(Output{}, targets[2:5], nil)
	if got := p.prefixes; got[0] != "prod/ReadOnly             "+strings.Repeat(" ", 7)+" | " || got[2] != want[4]+" | " {
		t.Errorf("%q", got)
	}
}

// For any account name, a line of output stays one line with one label.
func TestHostileNamesAsLabels(t *testing.T) {
	var targets []Target
	for i, name := range hostile.Names() {
		targets = append(targets, Target{AccountID: fmt.Sprintf("%012d", i), Account: name, Role: "R"})
	}
	var out bytes.Buffer
	p := newPrinter(Output{Stdout: &out, StdoutTerminal: true}, targets, nil)
	for n := range targets {
		p.lines(n, "stdout")([]line{{text: []byte("x")}})
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(targets) {
		t.Errorf("%d lines of %d targets", len(lines), len(targets))
	}
	seen := map[string]bool{}
	for _, l := range lines {
		if seen[l] || !strings.HasSuffix(l, " | x") || strings.ContainsAny(l, "\x1b\r\u202e") {
			t.Errorf("%q", l)
		}
		seen[l] = true
	}
	proof.Note(t, "names", len(targets), len(targets))
}
