package filesystem

import "io/fs"

// foreignOwner is always false: on Windows the profile folder's access list
// keeps other users out.
func foreignOwner(fs.FileInfo) bool { return false }

// OtherOwner reports whether info is of another user's file, as far as that matters to us.
func OtherOwner(info fs.FileInfo) bool { return foreignOwner(info) }

// isUsers does not look at the owner, which on Windows may be a group.
func isUsers(fs.FileInfo) bool { return true }

// syncDir does nothing: Windows has no such call for folders.
func syncDir(string) error { return nil }

const (
	noFollow = 0
	noWait   = 0
)
