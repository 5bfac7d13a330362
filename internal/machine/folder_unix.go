//go:build unix && !darwin

package machine

// Folder returns the folder of the machine's files.
func Folder() string { return "/etc/rolecall" }
