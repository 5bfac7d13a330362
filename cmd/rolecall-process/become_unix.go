//go:build unix

package main

import (
	"os"
	"syscall"
)

// become replaces this process by path; it returns only if that failed.
func become(path string, argv []string) (int, error) {
	return 1, &os.PathError{Op: "exec", Path: path, Err: syscall.Exec(path, argv, os.Environ())}
}
