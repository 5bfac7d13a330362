package filesystem

import "errors"

// swap is not supported: a change between the last check of a file and its replacement, microseconds later, is lost. A
// file that another program has open cannot be replaced at all.
func swap(_, _ string) error { return errors.ErrUnsupported }

// renameNew renames a file.
func renameNew(from, to string) error { return rename(from, to) }
