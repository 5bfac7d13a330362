package filesystem

import "os"

// hold does nothing: Windows removes no file that its writer has open.
func hold(string) (*os.File, error) { return nil, nil }

// removeAbandoned removes a temporary file if its writer is gone: then nobody has it open. A writer closes its file
// just before it renames it, for which it takes two seconds at most.
func removeAbandoned(name string) {
	info, err := os.Lstat(name)
	if err == nil && info.Mode().IsRegular() && old(info, 2*busyLimit) {
		_ = os.Remove(name)
	}
}
