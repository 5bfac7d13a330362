//go:build unix

package filesystem

import (
	"os"
	"syscall"
)

func rename(from, to string) error { return os.Rename(from, to) }

func remove(path string) error { return os.Remove(path) }

func open(path string) (*os.File, error) { return openFile(path, os.O_RDONLY|noWait) }

func openFile(path string, flags int) (*os.File, error) { return os.OpenFile(path, flags, 0o600) }

// tighten takes other users' rights to a folder away, if it is one and no link.
func tighten(dir string) error {
	folder, err := os.OpenFile(dir, os.O_RDONLY|noFollow|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Chmod(0o700)
}

// refuseLink does nothing: noFollow refuses.
func refuseLink(string) error { return nil }
