package filesystem

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tempMark is in the name of each of our temporary files, and in no other tool's.
const tempMark = ".rolecall-"

func tempPrefix(path string) string { return "." + filepath.Base(path) + tempMark }

// newTemp makes a temporary file beside path, 0600, with a random name. Its writer holds a lock on it, so that a
// sweep can tell it from one that a crash has left.
func newTemp(path string) (temp, lock *os.File, err error) {
	for range 10 {
		temp, err = os.CreateTemp(filepath.Dir(path), tempPrefix(path)+"*") // O_EXCL, 0600
		if err != nil {
			return nil, nil, err
		}
		if lock, err = hold(temp.Name()); err == nil {
			return temp, lock, nil
		}
		temp.Close() // a sweep came between the two steps
		_ = os.Remove(temp.Name())
	}
	return nil, nil, err
}

// errSwept means that a sweep has found a temporary file before its writer had locked it.
var errSwept = errors.New("temporary file was removed")

// Sweep removes what crashes have left in a folder: temporary files of ours whose writer is gone. Other tools' files,
// and those of a writer at work, stay.
func Sweep(dir string) { sweep(dir, ".") }

// leftBeside reports whether there are temporary files of the file at path, in use or not, as far as can be seen.
func leftBeside(path string) bool {
	entries, _ := os.ReadDir(filepath.Dir(path))
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return strings.HasPrefix(e.Name(), tempPrefix(path))
	})
}

func sweep(dir, prefix string) {
	if ownFolder(dir) != nil {
		return
	}
	folder, err := os.Open(dir)
	if err != nil {
		return
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1)
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && IsTemp(name) {
			removeAbandoned(filepath.Join(dir, name))
		}
	}
}

// IsTemp reports whether a name is that of a temporary file of ours.
func IsTemp(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, tempMark)
}

// old reports whether a file was last written so long ago; also if its time has not come yet.
func old(info fs.FileInfo, age time.Duration) bool {
	since := time.Since(info.ModTime())
	return since > age || since < -age
}
