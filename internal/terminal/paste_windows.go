package terminal

import (
	"context"
	"encoding/binary"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// pollStep is how often a waiting read looks for keys, and whether it was cancelled.
const pollStep = 50 * time.Millisecond

// ReadPaste reads one line that a person pastes or types, of up to 16 KiB and without showing it. When ctx ends, the
// error is its cause; the console is restored in any case. It reads only what was typed: Windows cannot cancel a read
// that waits, and that would take the answer to the next question. ready is called when the console shows nothing any
// more, before anything is read.
func ReadPaste(ctx context.Context, in *os.File, ready func()) (string, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(in.Fd()), before) }()
	ready()
	var line pasteBuffer
	chunk := make([]byte, 4096)
	for {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if ready, err := keyWaits(windows.Handle(in.Fd())); err != nil {
			return "", err
		} else if !ready {
			time.Sleep(pollStep)
			continue
		}
		n, err := in.Read(chunk)
		if err != nil {
			return "", err
		}
		for _, c := range chunk[:n] {
			if c == 3 { // in raw mode Ctrl-C is a byte of its own
				return "", context.Canceled
			}
			if done, err := line.add(c); done {
				return line.String(), err
			}
		}
	}
}

// An inputRecord is Windows' INPUT_RECORD. A key event has whether the key is down (4 bytes), repetitions, key code,
// scan code, character (2 each).
type inputRecord struct {
	kind, _ uint16
	event   [16]byte
}

const keyEvent, altKey = 1, 0x12

// keyWaits reports whether there is a character to read. Records without one, for which a read would wait, are dropped.
func keyWaits(console windows.Handle) (bool, error) {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	peek, read := kernel.NewProc("PeekConsoleInputW"), kernel.NewProc("ReadConsoleInputW")
	for {
		var record inputRecord
		var n uint32
		next := func(call *windows.LazyProc) error {
			done, _, err := call.Call(uintptr(console), uintptr(unsafe.Pointer(&record)), 1, uintptr(unsafe.Pointer(&n)))
			if done == 0 {
				return err
			}
			return nil
		}
		if err := next(peek); err != nil || n == 0 {
			return false, err
		}
		down, key := binary.LittleEndian.Uint32(record.event[:]), binary.LittleEndian.Uint16(record.event[6:])
		character := binary.LittleEndian.Uint16(record.event[10:])
		// A character typed as Alt and digits comes when Alt is let go.
		if record.kind == keyEvent && character != 0 && (down != 0 || key == altKey) {
			return true, nil
		}
		if err := next(read); err != nil {
			return false, err
		}
	}
}
