package peer

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// established is the state of an open connection in /proc/net/tcp (the kernel's tcp_states.h).
const established = "01"

// check asks the kernel. A socket whose process has closed it has inode 0 there, and uid 0, which is not root's: who
// sends a request and closes at once must not pass as root.
func check(here, there netip.AddrPort) error {
	other, found, err := find(there, here)
	if !found && err == nil { // the table is read in pieces: one that changes meanwhile can lack a line
		other, found, err = find(there, here)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case found && other.inode == "0":
		return ErrUnknown
	case found && (other.uid == "0" || other.uid == strconv.Itoa(os.Geteuid())):
		return nil
	case found:
		return &StrangerError{userName(other.uid)}
	case fromWindows(here, there):
		return nil
	}
	return ErrUnknown
}

// fromWindows reports whether a connection comes from the Windows host of WSL 2 in its mirrored mode: then this kernel
// knows our end only. Ours is looked up second: had another process here closed the other end, ours would not be
// established any more.
func fromWindows(here, there netip.AddrPort) bool {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil || !strings.Contains(strings.ToLower(string(release)), "microsoft") {
		return false
	}
	own, found, err := find(here, there)
	return err == nil && found && own.state == established
}

// An entry is what the kernel tells about one end of a connection, in the words of /proc/net/tcp.
type entry struct{ state, uid, inode string }

// find returns the entry of the end whose own address is own and whose peer is other. A socket of IPv6 can carry a
// connection of IPv4, so both tables are read.
func find(own, other netip.AddrPort) (entry, bool, error) {
	if e, found := diagnose(own, other); found {
		return e, true, nil
	}
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		e, found, err := findIn(path, own, other)
		if path == "/proc/net/tcp6" && errors.Is(err, fs.ErrNotExist) {
			continue // a system without IPv6
		}
		if found || err != nil {
			return e, found, err
		}
	}
	return entry{}, false, nil
}

func findIn(path string, own, other netip.AddrPort) (entry, bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return entry{}, false, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan() // the header
	for lines.Scan() {
		// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || parse(fields[1]) != own || parse(fields[2]) != other {
			continue
		}
		return entry{state: fields[3], uid: fields[7], inode: fields[9]}, true, nil
	}
	return entry{}, false, lines.Err()
}

// parse reads an address as /proc/net/tcp writes it: words of 32 bits in the machine's byte order, in hex, and the
// port. It returns the zero value for any other text.
func parse(text string) netip.AddrPort {
	digits, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(digits)
	number, errPort := strconv.ParseUint(port, 16, 16)
	if err != nil || errPort != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}
	}
	for word := raw; len(word) > 0; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	ip, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number))
}

func userName(uid string) string {
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return "uid " + uid
}
