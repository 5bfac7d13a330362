//go:build unix

package filesystem

import "os"

func rename(from, to string) error { return os.Rename(from, to) }

func remove(path string) error { return os.Remove(path) }

// Open opens a file that others may be replacing.
func Open(path string) (*os.File, error) { return os.Open(path) }

func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|noWait, 0) }

// refuseLink does nothing: noFollow refuses.
func refuseLink(string) error { return nil }
