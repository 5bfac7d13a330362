//go:build !linux

package filesystem

import "os"

// guard knows no way here to keep other programs from opening a file for writing.
type guard struct{}

func newGuard(string) (*guard, error) { return &guard{}, nil }

func keepOut(*os.File) {}

func letIn(*os.File) {}

func (*guard) wanted() bool { return false }

func (*guard) end() {}
