//go:build unix

package picker

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a key may take to be handled before the next one is read.
const patience = 100 * time.Millisecond

// A keyboard reads a terminal key by key, and reads none after the one that leaves the picker: what a person has typed
// ahead belongs to whatever reads next.
type keyboard struct {
	*os.File
	ahead   int    // bytes typed before the picker was there: the terminal has made Enter a line end of them
	recent  []byte // the last bytes, to know a paste
	pasting bool
	hold    bool
	handled chan struct{}
	left    chan struct{}
	leaving sync.Once
}

func newKeyboard(in *os.File) *keyboard {
	k := &keyboard{File: in, handled: make(chan struct{}, 1), left: make(chan struct{})}
	if n, err := unix.IoctlGetInt(int(in.Fd()), inputQueued); err == nil {
		k.ahead = n
	}
	return k
}

// Read reads one byte, once the key before it is handled.
func (k *keyboard) Read(p []byte) (int, error) {
	if k.hold {
		select {
		case <-k.handled:
		case <-k.left:
		case <-time.After(patience):
		}
		k.hold = false
	}
	select {
	case <-k.left:
		return 0, io.EOF
	default:
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := k.File.Read(p[:1])
	if n == 1 {
		p[0] = k.read(p[0])
	}
	return n, err
}

// read notes a byte, and returns it as a terminal in raw mode delivers it.
func (k *keyboard) read(c byte) byte {
	if k.ahead > 0 {
		k.ahead--
		if c == '\n' {
			c = '\r'
		}
	}
	k.recent = append(k.recent[max(0, len(k.recent)-5):], c)
	switch {
	case bytes.Equal(k.recent, []byte("\x1b[200~")):
		k.pasting = true
	case bytes.Equal(k.recent, []byte("\x1b[201~")):
		k.pasting = false
	}
	// Only these keys can leave, and Esc, which is only recognized once nothing follows it.
	k.hold = !k.pasting && (c < ' ' && c != '\x1b' || c == 'y' || c == 'Y')
	if k.hold {
		select { // of the key before
		case <-k.handled:
		default:
		}
	}
	return c
}

// keyDone tells the keyboard that a key was handled, and whether it leaves the picker.
func keyDone(k *keyboard, leaves bool) {
	if leaves {
		k.leaving.Do(func() { close(k.left) })
	}
	select {
	case k.handled <- struct{}{}:
	default:
	}
}

// canSuspend reports whether Ctrl-Z may stop this process: as a job of its own. Within $(…), the shell would be stopped
// with it, and nobody could go on.
func canSuspend() bool { return os.Getpid() == unix.Getpgrp() }
