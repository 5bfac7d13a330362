//go:build unix

package terminal

import (
	"context"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// pollStep is how often a waiting read checks whether it was cancelled, in milliseconds.
const pollStep = 50

// ReadPaste reads one line that a person pastes or types, of up to 16 KiB and without showing it. The terminal leaves
// its line mode, which cuts lines at 4,096 bytes (1,024 on macOS). Ctrl-C still interrupts. When ctx ends, the error
// is its cause; the terminal is restored in any case. ready is called when the terminal shows nothing any more, before
// anything is read: a question that is asked then has no answer that is shown.
func ReadPaste(ctx context.Context, in *os.File, ready func()) (string, error) {
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return "", err
	}
	raw := *before
	raw.Lflag &^= unix.ICANON | unix.ECHO
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, setTermios, &raw); err != nil {
		return "", err
	}
	defer func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }()
	ready()
	var line pasteBuffer
	chunk := make([]byte, 4096)
	for {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, pollStep)
		if err == unix.EINTR || err == nil && ready == 0 {
			continue
		}
		if err != nil {
			return "", err
		}
		n, err := unix.Read(fd, chunk)
		if n <= 0 {
			if err == nil || err == unix.EIO {
				err = io.EOF
			}
			return "", err
		}
		for _, c := range chunk[:n] {
			if c == 4 && len(line.text) == 0 { // Ctrl-D
				return "", io.EOF
			}
			if done, err := line.add(c); done {
				return line.String(), err
			}
		}
	}
}
