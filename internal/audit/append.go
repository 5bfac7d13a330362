package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/filesystem"
)

const (
	current   = "audit.jsonl"
	lockName  = "audit.lock"
	lostName  = "audit.lost"
	maxFile   = 10 << 20
	maxWait   = time.Second
	maxLength = 64 << 20 // of a file that is read at once
	// window is how much of the file's end is read to find the last record.
	window = 4 << 10
)

// ErrBusy means that another process held the log's lock for too long: one that was stopped, say.
var ErrBusy = errors.New("another process has locked the audit log")

// A Log is a person's audit log. Its files:
//
//	Dir/audit.jsonl             the records since the last rotation
//	Dir/audit-<seq>.jsonl       older ones, up to the record with that number
//	Dir/audit.lock              held while a record is written
//	Dir/audit.lost              a mark for each record that could not be written
type Log struct {
	Dir   string
	Files filesystem.Files
	Now   func() time.Time

	// For tests; 0 stands for 10 MB and one second.
	MaxFile int64
	MaxWait time.Duration
}

// Folder is where the log is in rolecall's state folder.
func Folder(state string) string { return filepath.Join(state, "audit") }

// Append writes a record, and returns its line. It never waits for more than a second. If the record cannot be written,
// the log of a later record says so: the error is for the caller to decide whether keys may leave without one.
func (l Log) Append(r Record) (line []byte, err error) {
	line, err = l.append(r)
	if err != nil {
		l.lose()
	}
	return line, err
}

func (l Log) append(r Record) ([]byte, error) {
	lock, err := l.lock()
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	file, err := l.open()
	if err != nil {
		return nil, err
	}
	defer func() { file.Close() }()
	end, err := endOf(file)
	if err != nil {
		return nil, err
	}
	if end.last.seq == 0 {
		if err := l.begin(&end.last); err != nil {
			return nil, err
		}
	}
	line := l.continued(end, r)
	if end.size > 0 && end.size+int64(len(line)) > l.mostBytes() && len(end.rest) == 0 && !end.unended {
		file.Close()
		l.rotate(end.last.seq)
		if file, err = l.open(); err != nil {
			return nil, err
		}
	}
	whole := line
	if end.unended {
		whole = append([]byte("\n"), line...)
	}
	if n, err := file.Write(whole); err != nil {
		if n > 0 {
			_ = file.Truncate(end.size) // else the next record says what is there
		}
		return nil, err
	}
	return line, nil
}

// lock waits for other writers, but not for one that is stopped.
func (l Log) lock() (*filesystem.Lock, error) {
	wait := l.MaxWait
	if wait == 0 {
		wait = maxWait
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), wait, ErrBusy)
	defer cancel()
	return l.Files.Hold(ctx, l.path(lockName))
}

func (l Log) path(name string) string { return filepath.Join(l.Dir, name) }

func (l Log) open() (*os.File, error) {
	return l.Files.OpenOwn(l.path(current), os.O_CREATE|os.O_RDWR|os.O_APPEND)
}

func (l Log) mostBytes() int64 {
	if l.MaxFile > 0 {
		return l.MaxFile
	}
	return maxFile
}

// continued returns the line of r as the next one after end.
func (l Log) continued(end end, r Record) []byte {
	r.Version, r.Seq, r.Time = version, end.last.seq+1, l.Now().UTC().Truncate(time.Millisecond)
	r.Expires = r.Expires.UTC()
	r.Prev, r.Torn, r.Lost = end.last.hash, "", max(end.last.lost, l.lost())
	if rest := end.rest; len(rest) > 0 && isTorn(rest, r.Seq) {
		if end.unended {
			rest = append(bytes.Clone(rest), '\n')
		}
		r.Torn = sum(rest)
	}
	r.fit()
	return lineOf(r)
}

// begin returns the last record before a new file, and makes the file for losses, since a full disk has no room for it.
func (l Log) begin(last *link) error {
	if file, err := l.Files.OpenOwn(l.path(lostName), os.O_CREATE|os.O_WRONLY|os.O_APPEND); err == nil {
		if info, err := file.Stat(); err == nil && info.Size() == 0 {
			_, _ = file.WriteString(lostBegins)
		}
		file.Close()
	}
	names, err := l.older()
	if err != nil || len(names) == 0 {
		return err
	}
	file, err := l.Files.OpenOwn(l.path(names[len(names)-1]), os.O_RDONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	end, err := endOf(file)
	*last = end.last
	return err
}

// rotate moves the file away. If that is not possible, because somebody reads it on Windows, it grows until the next
// record.
func (l Log) rotate(seq int64) {
	old := l.path(fmt.Sprintf("audit-%012d.jsonl", seq))
	if _, err := os.Lstat(old); errors.Is(err, os.ErrNotExist) {
		_ = os.Rename(l.path(current), old)
	}
}

// older returns the names of the rotated files, in order.
func (l Log) older() ([]string, error) {
	entries, err := os.ReadDir(l.Dir)
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, "audit-") && strings.HasSuffix(name, ".jsonl") {
			names = append(names, name)
		}
	}
	return names, err
}

// An end is how a file ends.
type end struct {
	size    int64
	last    link   // the last whole one
	rest    []byte // what comes after it
	unended bool   // the last line has no end
}

func endOf(file *os.File) (end, error) {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return end{}, err
	}
	size := info.Size()
	for _, n := range []int64{min(size, window), size} {
		if n > maxLength {
			return end{}, filesystem.ErrTooLarge
		}
		data := make([]byte, n)
		if _, err := file.ReadAt(data, size-n); err != nil && !errors.Is(err, io.EOF) {
			return end{}, err
		}
		if e := endIn(data); e.last.seq > 0 || n == size {
			e.size = size
			return e, nil
		}
	}
	return end{}, nil
}

// endIn returns how data ends: the last record in it, and what comes after it.
func endIn(data []byte) end {
	e := end{rest: data, unended: data[len(data)-1] != '\n'}
	for until := len(data); until > 0; {
		line := bytes.TrimSuffix(data[:until], []byte("\n"))
		from := bytes.LastIndexByte(line, '\n') + 1
		if r, ok := linkOf(line[from:]); ok {
			e.last, e.rest = r, data[until:]
			return e
		}
		until = from
	}
	return e
}

// The file for losses begins with a byte, so that it has its room on the disk, and has a mark for each loss. Marks are
// appended without the lock, which may be what could not be had.
const (
	lostBegins = "#"
	lostMark   = "."
)

// lose notes a lost record, as far as that is possible.
func (l Log) lose() {
	file, err := l.Files.OpenOwn(l.path(lostName), os.O_CREATE|os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return
	}
	defer file.Close()
	mark := lostMark
	if info, err := file.Stat(); err == nil && info.Size() == 0 {
		mark = lostBegins + lostMark
	}
	_, _ = file.WriteString(mark)
}

// lost counts the marks.
func (l Log) lost() int64 {
	info, err := os.Lstat(l.path(lostName))
	if err != nil || info.Size() <= int64(len(lostBegins)) {
		return 0
	}
	data, err := l.Files.ReadOwn(l.path(lostName), maxFile)
	if err != nil {
		return 0
	}
	return int64(bytes.Count(data, []byte(lostMark)))
}
