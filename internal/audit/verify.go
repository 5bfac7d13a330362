package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// A Finding is a line that is not as Append has written it.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // 0: the file as a whole
	Problem string `json:"problem"`
}

// String names file and line.
func (f Finding) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Problem
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Problem)
}

// mostFindings bounds what a report lists: if one record is missing, the rest is still worth reading.
const mostFindings = 100

// A Report is what a log holds.
type Report struct {
	Records int
	Last    Record
	// Findings are changes that no crash of rolecall makes.
	Findings []Finding
	// Torn are the remains of interrupted writes.
	Torn []Finding
}

func (r *Report) find(f Finding) {
	if len(r.Findings) < mostFindings {
		r.Findings = append(r.Findings, f)
	}
}

// Read verifies all records, and visits those that are as they were written, in order. Writers go on meanwhile.
func (l Log) Read(visit func(Record)) (Report, error) {
	files, err := l.snapshot()
	defer func() {
		for _, file := range files {
			file.Close()
		}
	}()
	c := checker{visit: visit}
	for _, file := range files {
		if err == nil {
			err = c.file(file)
		}
	}
	c.end()
	return c.Report, err
}

// A snapshot is a file as it was when nobody wrote.
type snapshot struct {
	*os.File
	name string
	size int64
}

// snapshot opens the files of the log in order, while it holds the lock: none is rotated meanwhile.
func (l Log) snapshot() (files []snapshot, err error) {
	if _, err := os.Stat(l.path(current)); err == nil { // else there may be no folder, and none is made
		if lock, err := l.lock(); err == nil { // a log that cannot be locked can be read
			defer lock.Unlock()
		}
	}
	names, err := l.older()
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, name := range append(names, current) {
		file, openError := l.Files.OpenOwn(l.path(name), os.O_RDONLY)
		if errors.Is(openError, os.ErrNotExist) {
			continue
		}
		if openError != nil {
			return files, openError
		}
		info, statError := file.Stat()
		if statError != nil {
			return files, errors.Join(statError, file.Close())
		}
		files = append(files, snapshot{file, name, info.Size()})
	}
	return files, err
}

// A checker reads lines in order.
type checker struct {
	Report
	visit func(Record)
	// between are the broken lines since the last record, and where the first one is.
	between []byte
	at      Finding
	started bool
}

// longestLine bounds a line that is kept in memory; no record is longer.
const longestLine = 64 << 10

func (c *checker) file(s snapshot) error {
	lines := bufio.NewReaderSize(io.LimitReader(s, s.size), longestLine)
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		where := Finding{File: s.name, Line: n}
		switch {
		case tooLong:
			where.Problem = "is too long for a record"
			c.find(where)
		case len(line) > 0:
			c.line(where, line)
		}
		if err != nil {
			return nil
		}
	}
}

func (c *checker) line(where Finding, line []byte) {
	r, ok := parse(bytes.TrimSuffix(line, []byte("\n")))
	if !ok {
		if len(c.between) == 0 {
			c.at = where
		}
		if c.between = append(c.between, line...); len(c.between) > longestLine {
			c.broken(where, "")
		}
		return
	}
	c.broken(where, r.Torn)
	if problem := c.follows(r); problem != "" {
		where.Problem = problem
		c.find(where)
	}
	c.Last, c.started = r, true
	c.Records++
	c.visit(r)
}

// broken judges the broken lines since the last record. torn is their hash, if the next record says that they
// were there when it was written.
func (c *checker) broken(next Finding, torn string) {
	switch {
	case len(c.between) == 0 && torn != "":
		next.Problem = "an interrupted write that this record mentions is missing before it"
		c.find(next)
	case len(c.between) == 0:
	case torn != "" && torn == sum(c.between):
		c.at.Problem = "an interrupted write"
		c.Torn = append(c.Torn, c.at)
	default:
		c.at.Problem = "this record was changed"
		c.find(c.at)
	}
	c.between = nil
}

// follows says why r does not follow the last record; empty if it does.
func (c *checker) follows(r Record) string {
	switch want := c.Last.Seq + 1; {
	case r.Seq == want && r.Prev == c.Last.Hash:
		return ""
	case !c.started && r.Seq > 1:
		return fmt.Sprintf("the log starts with record %d: files with earlier records were moved or removed", r.Seq)
	case r.Seq > want:
		return fmt.Sprintf("records %d to %d are missing before this one", want, r.Seq-1)
	case r.Seq < want:
		return fmt.Sprintf("record %d is out of order, after %d", r.Seq, c.Last.Seq)
	}
	return fmt.Sprintf("record %d does not follow the record before it", r.Seq)
}

// end judges what comes after the last record: a write was interrupted, or the line was changed.
func (c *checker) end() {
	if len(c.between) > 0 && c.between[len(c.between)-1] != '\n' && isTorn(c.between, c.Last.Seq+1) {
		c.broken(c.at, sum(c.between))
		return
	}
	c.broken(c.at, "")
}

// Missing returns the records of a copy, which may have other text around them, that are not in the log: somebody has
// cut or rewritten it. It also returns how many records the copy has.
func Missing(copied io.Reader, hashes map[string]bool) (records int, missing []Record, err error) {
	lines := bufio.NewScanner(copied)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		line := lines.Text()
		from, to := strings.Index(line, `{"v":`), strings.LastIndex(line, `"}`)
		if from < 0 || to < from {
			continue
		}
		var r Record // not parse: "rolecall audit --json" adds names
		if json.Unmarshal([]byte(line[from:to+2]), &r) != nil || r.Version != version || r.Hash == "" {
			continue
		}
		if records++; !hashes[r.Hash] {
			missing = append(missing, r)
		}
	}
	return records, missing, lines.Err()
}
