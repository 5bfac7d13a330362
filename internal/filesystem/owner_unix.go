//go:build unix

package filesystem

import (
	"io/fs"
	"os"
	"syscall"
)

// foreignOwner reports whether info is of another user's file. Root reads any file, as in a container with a mounted
// home.
func foreignOwner(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	uid := os.Geteuid()
	return ok && uid != 0 && int(stat.Uid) != uid
}

// OtherOwner reports whether info is of another user's file, as far as that matters to us.
func OtherOwner(info fs.FileInfo) bool { return foreignOwner(info) }

// isUsers reports whether info is of this very user's file.
func isUsers(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

// syncDir makes a rename in dir last through a power loss.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

const noFollow = syscall.O_NOFOLLOW

// noWait keeps the opening of a named pipe from waiting for its writer, and that of a terminal from becoming ours.
const noWait = syscall.O_NONBLOCK | syscall.O_NOCTTY
