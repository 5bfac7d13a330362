//go:build !linux && !darwin && !windows

package audit

// Parent returns the name of the process that started this one; empty if the system does not tell.
func Parent() string { return "" }
