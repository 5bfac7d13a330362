//go:build unix

package filesystem

import (
	"io/fs"
	"os"
	"syscall"
)

func hardLinks(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}

// copyOwner sets the owner and group of file to those of another, where they differ.
func copyOwner(file *os.File, of fs.FileInfo) error {
	want, ok := of.Sys().(*syscall.Stat_t)
	info, err := file.Stat()
	if err != nil || !ok {
		return err
	}
	if is, ok := info.Sys().(*syscall.Stat_t); ok && is.Uid == want.Uid && is.Gid == want.Gid {
		return nil
	}
	return file.Chown(int(want.Uid), int(want.Gid))
}
