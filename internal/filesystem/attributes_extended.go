//go:build linux || darwin

package filesystem

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// copyAttributes copies the extended attributes, access control lists included. Those that may not be set are the
// system's own, which it sets on every file by itself.
func copyAttributes(from, to string) error {
	names, err := attribute(func(room []byte) (int, error) { return unix.Listxattr(from, room) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range strings.FieldsFunc(string(names), func(r rune) bool { return r == 0 }) {
		value, err := attribute(func(room []byte) (int, error) { return unix.Getxattr(from, name, room) })
		if err != nil {
			return err
		}
		err = unix.Setxattr(to, name, value, 0)
		if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, unix.ENOTSUP) {
			return err
		}
	}
	return nil
}

// attribute calls ask for the size of the answer, then for the answer.
func attribute(ask func([]byte) (int, error)) ([]byte, error) {
	size, err := ask(nil)
	if err != nil || size == 0 {
		return nil, err
	}
	room := make([]byte, size)
	size, err = ask(room)
	return room[:max(size, 0)], err
}
