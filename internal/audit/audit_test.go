package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/audit"
	"rolecall/internal/filesystem"
	"rolecall/internal/proof"
)

func aLog(t *testing.T) audit.Log {
	t.Helper()
	return audit.Log{
		Dir: filepath.Join(t.TempDir(), "audit"),
		Now: func() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) },
	}
}

func aRecord(n int) audit.Record {
	return audit.Record{
		How: "exec", Command: "terraform", Person: "alice", PersonKey: "0123456789abcdef", Session: "corp",
		Account: "111122223333", AccountName: "payments-dev", Role: "Admin", Profile: "dev", Parent: "bash",
		KeyID: fmt.Sprintf("ASIA%012d", n), Expires: time.Date(2026, 11, 1, 13, 0, 0, 0, time.UTC),
	}
}

func fill(t *testing.T, l audit.Log, records int) {
	t.Helper()
	for n := range records {
		if _, err := l.Append(aRecord(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// read returns what the log holds, and the key ids of its records.
func read(t *testing.T, l audit.Log) (audit.Report, []string) {
	t.Helper()
	var keys []string
	r, err := l.Read(func(r audit.Record) { keys = append(keys, r.KeyID) })
	if err != nil {
		t.Fatal(err)
	}
	return r, keys
}

func current(l audit.Log) string { return filepath.Join(l.Dir, "audit.jsonl") }

func linesOf(t *testing.T, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
}

func write(t *testing.T, path string, lines ...[]byte) {
	t.Helper()
	if err := os.WriteFile(path, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAppend(t *testing.T) {
	l := aLog(t)
	line, err := l.Append(aRecord(1))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"v":1,"seq":1,"time":"2026-11-01T12:00:00Z","how":"exec","command":"terraform","person":"alice",` +
		`"personKey":"0123456789abcdef","session":"corp","account":"111122223333","accountName":"payments-dev",` +
		`"role":"Admin","profile":"dev","keyId":"ASIA000000000001","expires":"2026-11-01T13:00:00Z","parent":"bash",` +
		`"prev":"","hash":"`
	if !strings.HasPrefix(string(line), want) || !strings.HasSuffix(string(line), "\"}\n") {
		t.Errorf("%s", line)
	}
	fill(t, l, 4)
	r, keys := read(t, l)
	if r.Records != 5 || len(r.Findings)+len(r.Torn) > 0 || r.Last.Seq != 5 || len(keys) != 5 {
		t.Errorf("%+v, %v", r, keys)
	}
	info, err := os.Stat(current(l))
	if err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" { // there the folder's access list holds
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// Nothing is there before the first record, and reading makes nothing.
	none := aLog(t)
	if r, _ := read(t, none); r.Records != 0 || len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(none.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading made a folder: %v", err)
	}
}

// Each way to change what is there is found, with its line.
func TestTampering(t *testing.T) {
	l := aLog(t)
	fill(t, l, 6)
	whole := linesOf(t, current(l))
	whole[5] = append(whole[5], '\n')
	tried := 0
	check := func(name string, line int, lines [][]byte) {
		t.Helper()
		tried++
		write(t, current(l), lines...)
		r, _ := read(t, l)
		if len(r.Findings) == 0 || r.Findings[0].Line != line || r.Findings[0].File != "audit.jsonl" {
			t.Errorf("%s: %+v, want line %d", name, r.Findings, line)
		}
		// The next record does not cover it up.
		fill(t, l, 1)
		if after, _ := read(t, l); len(after.Findings) < len(r.Findings) || after.Findings[0] != r.Findings[0] {
			t.Errorf("%s, with another record: %+v, was %+v", name, after.Findings, r.Findings)
		}
	}
	var members map[string]any
	if err := json.Unmarshal(whole[2], &members); err != nil || len(members) < 15 {
		t.Fatal(members, err)
	}
	for name := range members {
		for _, n := range []int{0, 2, 5} { // the first, one within, the last
			edited := slices.Clone(whole)
			at := bytes.Index(edited[n], []byte(`"`+name+`":`)) + len(name) + 4
			edited[n] = bytes.Clone(edited[n])
			if edited[n][at] == '"' { // an empty text
				at--
			}
			edited[n][at] ^= 1
			check(fmt.Sprintf("%s of record %d", name, n+1), n+1, edited)
		}
	}
	for name, x := range map[string]struct {
		line  int
		lines [][]byte
	}{
		"a blank":             {3, [][]byte{whole[0], whole[1], append([]byte(" "), whole[2]...), whole[3]}},
		"a line removed":      {3, [][]byte{whole[0], whole[1], whole[3], whole[4], whole[5]}},
		"the first removed":   {1, whole[1:]},
		"lines swapped":       {2, [][]byte{whole[0], whole[2], whole[1], whole[3], whole[4], whole[5]}},
		"a line twice":        {3, [][]byte{whole[0], whole[1], whole[1], whole[2], whole[3], whole[4], whole[5]}},
		"a foreign line":      {3, [][]byte{whole[0], whole[1], []byte("{}\n"), whole[2], whole[3]}},
		"half a line within":  {3, [][]byte{whole[0], whole[1], whole[2][:70], []byte("\n"), whole[3], whole[4]}},
		"half a line, joined": {3, [][]byte{whole[0], whole[1], whole[2][:70], whole[3], whole[4]}},
		"a last foreign line": {7, append(slices.Clone(whole), []byte("not JSON\n"))},
		"an endless line":     {7, append(slices.Clone(whole), bytes.Repeat([]byte("x"), 200<<10))},
		"everything else":     {1, [][]byte{[]byte("nothing\n")}},
	} {
		check(name, x.line, x.lines)
	}
	// Records of another log, with hashes of their own.
	other := aLog(t)
	if _, err := other.Append(aRecord(100)); err != nil {
		t.Fatal(err)
	}
	fill(t, other, 8)
	check("lines of another log", 4, append(slices.Clone(whole[:3]), linesOf(t, current(other))[3:]...))
	if tried < 60 {
		t.Errorf("only %d ways were tried", tried)
	}
	proof.Note(t, "own audit", tried, tried)
}

// What an interrupted write has left is named, and is no tampering, wherever it was interrupted; the chain goes on.
func TestTornLines(t *testing.T) {
	l := aLog(t)
	fill(t, l, 3)
	whole := linesOf(t, current(l))
	last := whole[2]
	for length := range len(last) + 1 {
		write(t, current(l), whole[0], whole[1], last[:length])
		if r, _ := read(t, l); len(r.Findings) > 0 || len(r.Torn) > 1 {
			t.Fatalf("%d bytes: %+v", length, r)
		}
		fill(t, l, 2)
		r, _ := read(t, l)
		torn := length > 0 && length < len(last)
		if want := 4; len(r.Findings) > 0 || (len(r.Torn) > 0) != torn || torn && r.Records != want {
			t.Fatalf("%d bytes and two records: %+v", length, r)
		}
		if torn && r.Torn[0] != (audit.Finding{"audit.jsonl", 3, "an interrupted write"}) {
			t.Fatalf("%+v", r.Torn)
		}
	}
	// Twice in a row, and zeros that a disk had reserved.
	write(t, current(l), whole[0], whole[1], last[:50], []byte("\n"), last[:80], make([]byte, 300))
	fill(t, l, 1)
	if r, _ := read(t, l); len(r.Findings) > 0 || len(r.Torn) != 1 || r.Records != 3 {
		t.Errorf("twice: %+v", r)
	}
	// The remains are part of the chain.
	lines := linesOf(t, current(l))
	lines[2] = append([]byte(nil), lines[2][:40]...)
	write(t, current(l), append(lines, []byte("\n"))...)
	if r, _ := read(t, l); len(r.Findings) == 0 {
		t.Errorf("remains were changed: %+v", r)
	}
}

// The same in the first record of all, and in that of a new file.
func TestTornFirstLines(t *testing.T) {
	l := aLog(t)
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, current(l), []byte(`{"v":1,"seq":1,"ti`))
	fill(t, l, 2)
	if r, _ := read(t, l); len(r.Findings) > 0 || len(r.Torn) != 1 || r.Records != 2 {
		t.Errorf("the first: %+v", r)
	}
	if err := os.Rename(current(l), filepath.Join(l.Dir, "audit-000000000002.jsonl")); err != nil {
		t.Fatal(err)
	}
	write(t, current(l), []byte(`{"v":1,"seq":3,"ti`))
	fill(t, l, 1)
	if r, _ := read(t, l); len(r.Findings) > 0 || len(r.Torn) != 2 || r.Records != 3 {
		t.Errorf("the first of a new file: %+v", r)
	}
}

// Files are rotated at their size, with the chain from file to file; a file that is edited, moved or missing is named.
func TestRotation(t *testing.T) {
	l := aLog(t)
	l.MaxFile = 5000
	fill(t, l, 60)
	r, keys := read(t, l)
	files, err := filepath.Glob(filepath.Join(l.Dir, "audit-*.jsonl"))
	if err != nil || len(files) < 5 || r.Records != 60 || len(r.Findings) > 0 || keys[59] != aRecord(59).KeyID {
		t.Fatalf("%d files, %+v", len(files), r)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Size() > 5000 {
			t.Errorf("%s: %d bytes, %v", file, info.Size(), err)
		}
	}
	middle := linesOf(t, files[2])
	write(t, files[2], bytes.Replace(bytes.Join(middle, nil), []byte("Admin"), []byte("Reads"), 1), []byte("\n"))
	if r, _ := read(t, l); len(r.Findings) == 0 || r.Findings[0].File != filepath.Base(files[2]) {
		t.Errorf("an edited old file: %+v", r.Findings)
	}
	write(t, files[2], append(middle, []byte("\n"))...)
	for n, problem := range map[int]string{
		0: "the log starts with record", 2: "are missing before this one", len(files) - 1: "are missing before this one",
	} {
		if err := os.Rename(files[n], files[n]+".aside"); err != nil {
			t.Fatal(err)
		}
		if r, _ := read(t, l); len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Problem, problem) {
			t.Errorf("file %d missing: %+v", n, r.Findings)
		}
		if err := os.Rename(files[n]+".aside", files[n]); err != nil {
			t.Fatal(err)
		}
	}
	// A crash between the rename and the new file.
	if err := os.Rename(current(l), filepath.Join(l.Dir, "audit-000000000060.jsonl")); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1)
	if r, _ := read(t, l); r.Records != 61 || len(r.Findings) > 0 {
		t.Errorf("after a crash: %+v", r)
	}
}

// A record that cannot be written stops nobody for long, and later records say how many there were.
func TestLosses(t *testing.T) {
	full := errors.New("no space left on device")
	l := aLog(t)
	l.MaxWait = 20 * time.Millisecond
	fill(t, l, 1)
	broken := l
	broken.Files = filesystem.Files{Fault: func(step, _ string) error { // not that of lose, which needs no new space
		if step == "lock" {
			return full
		}
		return nil
	}}
	for range 2 {
		if _, err := broken.Append(aRecord(1)); !errors.Is(err, full) {
			t.Errorf("%v", err)
		}
	}
	// A process that is stopped holds the lock for ever.
	stopped, err := filesystem.Files{}.Hold(t.Context(), filepath.Join(l.Dir, "audit.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(aRecord(2)); !errors.Is(err, audit.ErrBusy) {
		t.Errorf("%v", err)
	}
	if r, _ := read(t, l); r.Records != 1 { // it can be read all the same
		t.Errorf("%+v", r)
	}
	stopped.Unlock()
	fill(t, l, 2)
	if r, _ := read(t, l); r.Records != 3 || r.Last.Lost != 3 || len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
	if _, err := broken.Append(aRecord(3)); err == nil {
		t.Error("it was written")
	}
	fill(t, l, 1)
	if r, _ := read(t, l); r.Last.Lost != 4 {
		t.Errorf("%+v", r)
	}
}

// What lies in the place of our files is neither followed nor waited for.
func TestOddFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("only administrators make links there")
	}
	for _, name := range []string{"audit.jsonl", "audit.lock", "audit.lost"} {
		l := aLog(t)
		fill(t, l, 1)
		canary := filepath.Join(t.TempDir(), "canary")
		if err := errors.Join(os.WriteFile(canary, []byte("canary"), 0o644), os.Remove(filepath.Join(l.Dir, name)),
			os.Symlink(canary, filepath.Join(l.Dir, name))); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(aRecord(1)); err == nil && name != "audit.lost" {
			t.Errorf("%s: a link was followed", name)
		}
		if data, err := os.ReadFile(canary); err != nil || string(data) != "canary" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}

// A record's texts come from anywhere: lines stay short, whole and plain ASCII.
func TestHostileTexts(t *testing.T) {
	l := aLog(t)
	r := aRecord(1)
	r.Command, r.Parent = "a\nb\x1b[2J\u202e\u0085\"}{", "\x80\xff𝔸 "+strings.Repeat("é", 4000)
	r.Role = `","hash":"` + strings.Repeat("0", 64) + `"}`
	line, err := l.Append(r)
	if err != nil || len(line) > 8<<10 {
		t.Fatalf("%d bytes, %v", len(line), err)
	}
	for _, b := range line[:len(line)-1] {
		if b < ' ' || b > '~' {
			t.Fatalf("%q", line)
		}
	}
	fill(t, l, 1)
	var got audit.Record
	report, err := l.Read(func(r audit.Record) {
		if r.Seq == 1 {
			got = r
		}
	})
	if err != nil || report.Records != 2 || len(report.Findings) > 0 || got.Command != r.Command || got.Role != r.Role ||
		!strings.HasPrefix(got.Parent, "𝔸 é") || !strings.HasSuffix(got.Parent, "…") {
		t.Errorf("%+v, %+v, %v", report, got, err)
	}
}

// A cut tail is no break of the chain: a copy elsewhere shows it.
func TestACutTailIsFoundInACopy(t *testing.T) {
	l := aLog(t)
	var journal bytes.Buffer
	for n := range 8 {
		line, err := l.Append(aRecord(n))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&journal, "Nov 01 12:00:00 host rolecall[%d]: %s", n, line)
	}
	missing := func() (int, []audit.Record) {
		hashes := map[string]bool{}
		if _, err := l.Read(func(r audit.Record) { hashes[r.Hash] = true }); err != nil {
			t.Fatal(err)
		}
		n, missing, err := audit.Missing(bytes.NewReader(journal.Bytes()), hashes)
		if err != nil {
			t.Fatal(err)
		}
		return n, missing
	}
	if n, m := missing(); n != 8 || len(m) > 0 {
		t.Errorf("%d, %+v", n, m)
	}
	write(t, current(l), linesOf(t, current(l))[:6]...)
	fill(t, l, 2) // and written anew
	if r, _ := read(t, l); len(r.Findings) > 0 || r.Records != 8 {
		t.Errorf("%+v", r)
	}
	if n, m := missing(); n != 8 || len(m) != 2 || m[0].Seq != 7 {
		t.Errorf("%d, %+v", n, m)
	}
}
