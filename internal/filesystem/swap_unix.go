//go:build unix

package filesystem

import (
	"errors"
	"os"
	"syscall"
)

// swapByLink exchanges two files where the system cannot in one step. b has the old or the new content at any moment;
// a file that another program renames to b between the first step and the second is lost.
func swapByLink(a, b string) error {
	aside := a + "-out"
	switch err := os.Link(b, aside); {
	case errors.Is(err, syscall.EBUSY), errors.Is(err, syscall.EXDEV): // a mount of its own
		return syscall.EBUSY
	case err != nil:
		return errors.ErrUnsupported
	}
	if err := os.Rename(a, b); err != nil {
		return errors.Join(err, os.Remove(aside))
	}
	return os.Rename(aside, a)
}

// linkNew does what renameNew does, in two steps.
func linkNew(from, to string) error {
	switch err := os.Link(from, to); {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, os.ErrExist):
		return err
	}
	return os.Rename(from, to) // without hard links
}
