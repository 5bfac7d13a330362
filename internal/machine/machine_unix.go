//go:build unix

package machine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// requireAdministrators returns an error if another than root owns a path without links, or a folder above it, or may
// write there. A sticky bit does not help: files in such a folder can be anybody's.
func requireAdministrators(path string) error {
	for {
		info, err := os.Lstat(path)
		if err != nil {
			return fmt.Errorf("cannot read the attributes of %s: %s", path, reason(err))
		}
		if err := requireRoots(path, info); err != nil {
			return err
		}
		above := filepath.Dir(path)
		if above == path {
			return nil
		}
		path = above
	}
}

func requireOpened(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return requireRoots(file.Name(), info)
}

// requireRoots checks owner and mode of what is at path. An access list's rights to write show in the group's bits.
func requireRoots(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || stat.Uid != 0:
		return fmt.Errorf("%s is not owned by root", path)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("users other than root can write to %s (mode %04o)", path, info.Mode().Perm())
	}
	return nil
}

// openPlain opens a file to read it, and does not wait for a pipe.
func openPlain(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
}
