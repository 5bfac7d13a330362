//go:build !linux && !darwin

package filesystem

// copyAttributes does nothing: there are none that programs set on such a file.
func copyAttributes(_, _ string) error { return nil }
