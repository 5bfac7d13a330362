package filesystem

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// guard keeps other programs from opening a file for writing: they wait in their open until end. The system's word for
// it is a lease (fcntl(2), F_SETLEASE). Nobody gets one while a writer has the file open: then the error is errBusy.
// Where the system knows no leases, such as on network file systems, the guard keeps nobody out and sees nobody.
type guard struct {
	file   *os.File
	leased bool
}

func newGuard(path string) (*guard, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|noWait|noFollow, 0)
	if err != nil {
		return nil, err
	}
	_, err = unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if errors.Is(err, unix.EAGAIN) {
		file.Close()
		return nil, errBusy
	}
	return &guard{file, err == nil}, nil
}

// keepOut makes all others who open the file wait until it is closed. Somebody who has it open to read keeps us from
// that, and is not waited for long.
func keepOut(file *os.File) {
	for range 100 {
		_, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_WRLCK)
		if !errors.Is(err, unix.EAGAIN) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// letIn lets those go on who wait for a file that is kept from them.
func letIn(file *os.File) { _, _ = unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_UNLCK) }

// wanted reports whether another program waits to open the file for writing.
func (g *guard) wanted() bool {
	if !g.leased {
		return false
	}
	kind, err := unix.FcntlInt(g.file.Fd(), unix.F_GETLEASE, 0)
	return err != nil || kind != unix.F_RDLCK
}

// end lets those who wait go on.
func (g *guard) end() { g.file.Close() }
