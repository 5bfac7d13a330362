//go:build unix

package filesystem

import "os"

func rename(from, to string) error { return os.Rename(from, to) }

func remove(path string) error { return os.Remove(path) }

func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|noWait, 0) }

// refuseLink does nothing: noFollow refuses.
func refuseLink(string) error { return nil }
