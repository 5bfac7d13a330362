//go:build unix && !linux

package filesystem

// swap exchanges two files.
func swap(a, b string) error { return swapByLink(a, b) }

// renameNew renames a file, if there is none with the new name.
func renameNew(from, to string) error { return linkNew(from, to) }
