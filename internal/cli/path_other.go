//go:build !windows

package cli

// withoutBlanks returns path: only Windows has other names for a folder with blanks.
func withoutBlanks(path string) string { return path }
