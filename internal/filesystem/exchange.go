package filesystem

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// errBusy means that another program has the file open for writing.
var errBusy = errors.New("another program is writing the file")

const (
	// settling is how long the old file is watched after its exchange: a program may have looked up its name before,
	// and not have opened it yet.
	settling = 25 * time.Millisecond
	// busyPatience bounds the wait for a program that has the file open for writing.
	busyPatience = 2 * time.Second
)

// A KeptError is a version of a shared file that could not be put back: two programs were writing the file in place,
// and we between them.
type KeptError struct{ Path, Kept string }

// Error names both files.
func (e *KeptError) Error() string {
	return e.Path + ": other programs overwrote each other's changes; one version was kept as " + filepath.Base(e.Kept)
}

// exchange swaps the new file and the old one, so that no other program loses what it writes meanwhile. Programs that
// want to open the old file for writing have to wait (guard). A program that already waits when the file is swapped
// would write to a file that nobody reads: so the old file goes back, and the error is ErrChanged; the same if it is
// not the file that was read. The error is errors.ErrUnsupported where files cannot be swapped.
func (p *Pending) exchange(s Shared, data []byte) error {
	name := p.temp.Name()
	g, err := guarded(p.path)
	if err != nil {
		return err
	}
	defer g.end()
	if err := s.unchanged(); err != nil {
		return err
	}
	keepOut(p.lock) // nobody reads the new file before it is sure that it replaces the old one
	if !s.sameFile(p.path) {
		return &fs.PathError{Op: "write", Path: p.path, Err: ErrChanged}
	}
	if err := p.files.fault("swap", p.path); err != nil {
		return err
	}
	if err := swap(name, p.path); err != nil {
		return err
	}
	_ = p.files.fault("swapped", p.path)
	if !s.sameFile(name) { // another program has put its file there since we looked
		return p.putBack(s)
	}
	letIn(p.lock)
	if settled(g) && s.isAt(name) {
		p.done()
		return errors.Join(syncDir(filepath.Dir(p.path)), remove(name))
	}
	if !p.isAt(p.path) { // another program has put its file over ours, which stays there
		g.end()
		return p.giveBack(s.Data, data)
	}
	if err := swap(name, p.path); err != nil {
		return err
	}
	g.end()
	return p.giveBack(data, s.Data)
}

// putBack puts back the file of another program that an exchange has taken out of its place. Programs that want to read
// it meanwhile have opened ours, and wait (keepOut): they read there what is in the file that they mean, so that what
// they save under its name loses nothing.
func (p *Pending) putBack(s Shared) error {
	if err := swap(p.temp.Name(), p.path); err != nil {
		return err
	}
	text, _, err := readWhole(p.path)
	if err != nil {
		return err
	}
	if _, err := p.lock.WriteAt(text, 0); err != nil {
		return err
	}
	if err := p.lock.Truncate(int64(len(text))); err != nil {
		return err
	}
	return p.giveBack(text, s.Data)
}

// isAt reports whether the file with that name is the new one.
func (p *Pending) isAt(name string) bool {
	ours, err := p.lock.Stat()
	there, pathError := os.Lstat(name)
	return err == nil && pathError == nil && os.SameFile(ours, there)
}

// guarded waits for those who have the file open for writing, then guards it.
func guarded(path string) (*guard, error) {
	for started := time.Now(); ; time.Sleep(time.Millisecond) {
		g, err := newGuard(path)
		switch {
		case err == nil:
			return g, nil
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, errBusy) && time.Since(started) > busyPatience:
			return nil, &fs.PathError{Op: "write", Path: path, Err: ErrChanged}
		case !errors.Is(err, errBusy):
			return nil, err
		}
	}
}

// settled watches the old file for a while, and reports whether nobody wants to write to it.
func settled(g *guard) bool {
	for started := time.Now(); time.Since(started) < settling; time.Sleep(time.Millisecond) {
		if g.wanted() {
			return false
		}
	}
	return !g.wanted()
}

// giveBack ends an exchange that was undone. The file that came out was in the place for a moment: usually it holds
// what we wrote, and is dropped. What another program has added to it is added to the file that is there now; what
// another program has put there instead is newer, and goes there again; then the older one comes out and is treated
// the same. It returns ErrChanged when all is where it belongs.
func (p *Pending) giveBack(ours, old []byte) error {
	name := p.temp.Name()
	p.done() // no Discard: it may hold what is another program's
	for turn, known := range [][]byte{ours, old} {
		text, err := quiet(name)
		if err != nil {
			return err
		}
		if rest, ok := bytes.CutPrefix(text, known); ok {
			if err := appendTo(p.path, rest); err != nil {
				return errors.Join(err, keep(name, p.path))
			}
			return errors.Join(remove(name), &fs.PathError{Op: "write", Path: p.path, Err: ErrChanged})
		}
		if turn == 0 {
			if err := swap(name, p.path); err != nil {
				return errors.Join(err, keep(name, p.path))
			}
		}
	}
	return keep(name, p.path)
}

// complete reads a file that others may be writing, between two of their writes.
func complete(path string) ([]byte, error) {
	g, err := guarded(path)
	if err != nil {
		return nil, err
	}
	defer g.end()
	text, _, err := readWhole(path)
	return text, err
}

// quiet waits until nobody writes to a file that is out of its place, and returns its content.
func quiet(name string) ([]byte, error) {
	for started := time.Now(); ; {
		g, err := guarded(name)
		if err != nil {
			return nil, err
		}
		still := settled(g)
		text, _, err := readWhole(name)
		g.end()
		if still || err != nil || time.Since(started) > busyPatience {
			return text, err
		}
	}
}

// appendTo adds rest to the file at path, also if another program replaces it meanwhile.
func appendTo(path string, rest []byte) error {
	if len(rest) == 0 {
		return nil
	}
	for range editTries {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|noFollow, 0)
		if err != nil {
			return err
		}
		_, err = file.Write(rest)
		err = errors.Join(err, file.Sync(), file.Close())
		if err != nil {
			return err
		}
		if text, err := complete(path); err != nil || bytes.Contains(text, rest) {
			return err
		}
	}
	return &fs.PathError{Op: "write", Path: path, Err: ErrChanged}
}

// keep renames the file at name to one that no sweep removes.
func keep(name, path string) error {
	kept := path + ".kept-" + strings.TrimPrefix(filepath.Base(name), tempPrefix(path))
	if err := rename(name, kept); err != nil {
		return err
	}
	return &KeptError{path, kept}
}
