package filesystem

import (
	"io/fs"
	"os"
)

// ReadPlain reads a whole file of at most limit bytes that lies where anybody may have put it. It changes nothing. A
// link, a pipe or anything else that is no file is ErrNoFile, another user's file ErrForeignOwner, for root as well.
func ReadPlain(path string, limit int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if err := plain(path, info); err != nil {
		return nil, err
	}
	file, err := openFile(path, os.O_RDONLY|noFollow|noWait)
	if err != nil {
		return nil, odd(path, err)
	}
	defer file.Close()
	if info, err = file.Stat(); err == nil { // another one may have come between
		err = plain(path, info)
	}
	if err != nil {
		return nil, err
	}
	return bounded(file, limit)
}

func plain(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "read", Path: path, Err: ErrNoFile}
	case !isUsers(info):
		return &fs.PathError{Op: "read", Path: path, Err: ErrForeignOwner}
	}
	return nil
}
