package filesystem

import (
	"errors"

	"golang.org/x/sys/unix"
)

// swap exchanges two files in one step.
func swap(a, b string) error {
	err := rename2(a, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, errors.ErrUnsupported) {
		return swapByLink(a, b)
	}
	return err
}

// renameNew renames a file, if there is none with the new name.
func renameNew(from, to string) error {
	err := rename2(from, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, errors.ErrUnsupported) {
		return linkNew(from, to)
	}
	return err
}

// rename2 returns errors.ErrUnsupported where the file system cannot do that.
func rename2(from, to string, flags uint) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, flags)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return errors.ErrUnsupported
	}
	return err
}
