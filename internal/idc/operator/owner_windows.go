package operator

import "io/fs"

// ours is always true: on Windows each user has a temporary folder of their own.
func ours(fs.FileInfo) bool { return true }

// othersWrite is always false: modes mean nothing on Windows.
func othersWrite(fs.FileInfo) bool { return false }
