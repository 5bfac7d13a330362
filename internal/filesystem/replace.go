package filesystem

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// MaxSharedFile bounds a shared file: a config file of 20,000 profiles has 4 MiB.
const MaxSharedFile = 64 << 20

// What keeps a shared file from being replaced.
var (
	ErrChanged    = errors.New("another program changed the file in the meantime")
	ErrReadOnly   = errors.New("file is read-only")
	ErrHardLinked = errors.New("file has other hard links, which would keep the old content")
	ErrNoFile     = errors.New("not a regular file")
	ErrDangling   = errors.New("dangling link")
)

// A Shared is the state of a file that other programs read and write, too. It is not secret: its owner decides who
// reads it.
type Shared struct {
	Path    string // as requested
	Data    []byte
	Missing bool // there is no such file yet

	target string // its place, where links lead
	info   fs.FileInfo
	sum    [sha256.Size]byte
}

// ReadShared reads a whole shared file. A missing one is empty; anything but a file, and a dangling link, is an
// error.
func (f Files) ReadShared(path string) (Shared, error) {
	s := Shared{Path: path}
	err := f.fault("read", path)
	if err != nil {
		return s, err
	}
	if s.target, err = place(path); err != nil {
		return s, err
	}
	s.Data, s.info, err = readWhole(s.target)
	s.sum = sha256.Sum256(s.Data)
	if errors.Is(err, fs.ErrNotExist) {
		s.Missing, err = true, nil
	}
	return s, err
}

// place returns the full path of a file without links: the same from any working directory, even before the file
// exists.
func place(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(path) == path {
		return target, err
	}
	if _, dangling := os.Lstat(path); dangling == nil {
		return "", &fs.PathError{Op: "read", Path: path, Err: ErrDangling}
	}
	folder, err := place(filepath.Dir(path))
	return filepath.Join(folder, filepath.Base(path)), err
}

func readWhole(path string) ([]byte, fs.FileInfo, error) {
	file, err := open(path)
	if err != nil {
		return nil, nil, odd(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, &fs.PathError{Op: "read", Path: path, Err: ErrNoFile}
	case info.Size() > MaxSharedFile:
		return nil, nil, &fs.PathError{Op: "read", Path: path, Err: ErrTooLarge}
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	_, err = data.ReadFrom(io.LimitReader(file, MaxSharedFile))
	return data.Bytes(), info, err
}

// Replace replaces what was read by data. Links to the file, its mode, owner and extended attributes stay. A file
// that has changed since is left alone (ErrChanged), and so is one that its owner made read-only, one of another
// user, and one with several names. A new file is readable by its owner only. After an error, or a crash at any
// moment, the file has the old or the new content: unless it is a mount of its own, as containers have it, which cannot
// be replaced. That is written in place, and inPlace is true.
func (f Files) Replace(s Shared, data []byte) (inPlace bool, err error) {
	if err := s.replaceable(); err != nil {
		return false, err
	}
	if s.Missing {
		if err := f.makeParent(filepath.Dir(s.target)); err != nil {
			return false, err
		}
	}
	if err := f.fault("create", s.target); err != nil {
		return false, err
	}
	temp, lock, err := newTemp(s.target)
	if err != nil {
		return false, err
	}
	p := &Pending{files: f, path: s.target, temp: temp, lock: lock}
	defer p.Discard()
	if err := s.dress(temp); err != nil {
		return false, err
	}
	if err := p.fill(data); err != nil {
		return false, err
	}
	if err := p.temp.Close(); err != nil {
		return false, err
	}
	if err := p.put(s, data); !errors.Is(err, syscall.EBUSY) {
		return false, err
	}
	return true, f.overwrite(s, data)
}

// overwrite writes data into the file itself. If that fails half-way, the old content comes back as far as possible.
func (f Files) overwrite(s Shared, data []byte) error {
	g, err := guarded(s.target) // whoever is writing finishes first
	if err != nil {
		return err
	}
	g.end()
	file, err := os.OpenFile(s.target, os.O_RDWR|noFollow, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	keepOut(file)
	if there, err := bounded(file, MaxSharedFile); err != nil || !bytes.Equal(there, s.Data) {
		return errors.Join(err, &fs.PathError{Op: "write", Path: s.target, Err: ErrChanged})
	}
	write := func(content []byte) error {
		if _, err := file.WriteAt(content, 0); err != nil {
			return err
		}
		return errors.Join(file.Truncate(int64(len(content))), file.Sync())
	}
	if err := f.fault("write", s.target); err != nil {
		return err
	}
	if err := write(data); err != nil {
		return errors.Join(err, write(s.Data))
	}
	return nil
}

// removeShared deletes what was read, by the rules of Replace.
func (f Files) removeShared(s Shared) error {
	if err := s.replaceable(); err != nil {
		return err
	}
	g, err := guarded(s.target)
	if err != nil {
		return err
	}
	defer g.end()
	if err := s.unchanged(); err != nil {
		return err
	}
	if err := f.fault("remove", s.target); err != nil {
		return err
	}
	gone := filepath.Join(filepath.Dir(s.target), tempPrefix(s.target)+"gone")
	if err := rename(s.target, gone); err != nil {
		return err
	}
	if settled(g) && s.isAt(gone) {
		return errors.Join(remove(gone), syncDir(filepath.Dir(s.target)))
	}
	if err := renameNew(gone, s.target); err != nil { // there is a new one already
		return errors.Join(err, keep(gone, s.target))
	}
	return &fs.PathError{Op: "write", Path: s.target, Err: ErrChanged}
}

// put puts the new file in the place of the old one, if that is unchanged.
func (p *Pending) put(s Shared, data []byte) error {
	if err := p.files.fault("rename", p.path); err != nil {
		return err
	}
	if s.Missing {
		return p.putNew()
	}
	err := p.exchange(s, data)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := s.unchanged(); err != nil {
		return err
	}
	if err := rename(p.temp.Name(), p.path); err != nil {
		return err
	}
	p.done()
	return syncDir(filepath.Dir(p.path))
}

// putNew puts the new file where there was none, if there is still none.
func (p *Pending) putNew() error {
	err := renameNew(p.temp.Name(), p.path)
	if errors.Is(err, fs.ErrExist) {
		return &fs.PathError{Op: "write", Path: p.path, Err: ErrChanged}
	}
	if err != nil {
		return err
	}
	p.done()
	return syncDir(filepath.Dir(p.path))
}

// replaceable returns the reason why the file must be left alone, or nil.
func (s Shared) replaceable() error {
	refuse := func(err error) error { return &fs.PathError{Op: "write", Path: s.target, Err: err} }
	switch {
	case s.Missing:
		return nil
	case foreignOwner(s.info):
		return refuse(ErrForeignOwner)
	case s.info.Mode().Perm()&0o200 == 0:
		return refuse(ErrReadOnly)
	case hardLinks(s.info) > 1:
		return refuse(ErrHardLinked)
	}
	return nil
}

// unchanged compares the file with what was read: device, inode, size, time of change, and content.
func (s Shared) unchanged() error {
	changed := &fs.PathError{Op: "write", Path: s.target, Err: ErrChanged}
	if s.Missing {
		if _, err := os.Lstat(s.target); !errors.Is(err, fs.ErrNotExist) {
			return changed
		}
		return nil
	}
	if !s.isAt(s.target) {
		return changed
	}
	return nil
}

// sameFile reports whether the file with that name is the one that was read, whatever it holds now.
func (s Shared) sameFile(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && os.SameFile(info, s.info)
}

// isAt reports whether the file with that name is the one that was read.
func (s Shared) isAt(name string) bool {
	data, info, err := readWhole(name)
	return err == nil && os.SameFile(info, s.info) && info.Size() == s.info.Size() &&
		info.ModTime().Equal(s.info.ModTime()) && sha256.Sum256(data) == s.sum
}

// dress copies mode, owner and attributes of the old file to the new one.
func (s Shared) dress(temp *os.File) error {
	if s.Missing {
		return nil
	}
	if err := copyOwner(temp, s.info); err != nil {
		return err
	}
	if err := copyAttributes(s.target, temp.Name()); err != nil {
		return fmt.Errorf("extended attributes of %s: %w", s.target, err)
	}
	return temp.Chmod(s.info.Mode().Perm())
}

// makeParent makes the folder of a new file. An existing one stays as it is.
func (f Files) makeParent(dir string) error {
	if err := f.fault("mkdir", dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o700)
}
