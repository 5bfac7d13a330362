package copies

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"
)

// JournalSocket is where journald takes entries with fields of their own.
const JournalSocket = "/run/systemd/journal/socket"

// journalLimit bounds a send: journald may be stopped, and its queue full.
const journalLimit = 50 * time.Millisecond

// ErrNoJournal means that this machine has no journald.
var ErrNoJournal = errors.New("this machine has no journald")

// A Field is one of an entry of the journal. Its name has capital letters, digits and underscores, and begins with a
// letter: journald drops any other.
type Field struct{ Name, Value string }

// Journal sends a line to journald at socket, with fields beside it; empty ones are left out. journald itself adds who
// sent it, which nobody can forge.
func Journal(socket string, line []byte, fields []Field) error {
	if _, err := os.Lstat(socket); errors.Is(err, fs.ErrNotExist) {
		return ErrNoJournal
	}
	conn, err := net.DialTimeout("unixgram", socket, journalLimit)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(journalLimit))
	_, err = conn.Write(entry(line, fields))
	return err
}

// entry returns an entry in journald's native form.
func entry(line []byte, fields []Field) []byte {
	var b bytes.Buffer
	all := append([]Field{
		{"MESSAGE", string(bytes.TrimSpace(line))},
		{"PRIORITY", fmt.Sprint(priority % 8)},
		{"SYSLOG_FACILITY", fmt.Sprint(priority / 8)},
		{"SYSLOG_IDENTIFIER", "rolecall"},
	}, fields...)
	for _, f := range all {
		switch {
		case f.Value == "":
		case strings.Contains(f.Value, "\n"): // else the rest would be fields of its own
			b.WriteString(f.Name + "\n")
			_ = binary.Write(&b, binary.LittleEndian, uint64(len(f.Value)))
			b.WriteString(f.Value + "\n")
		default:
			b.WriteString(f.Name + "=" + f.Value + "\n")
		}
	}
	return b.Bytes()
}
