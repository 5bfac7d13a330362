package filesystem

import "io/fs"

// foreignOwner is always false: on Windows the profile folder's access list
// keeps other users out.
func foreignOwner(fs.FileInfo) bool { return false }

// syncDir does nothing: Windows has no such call for folders.
func syncDir(string) error { return nil }

const (
	noFollow = 0
	noWait   = 0
)
