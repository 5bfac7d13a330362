//go:build !linux

package filesystem

import "errors"

// swap is not supported: a change between the last check of a file and its replacement, microseconds later, is lost.
func swap(_, _ string) error { return errors.ErrUnsupported }
