// Package peer tells whose process is at the other end of a TCP connection within this machine. Every user of a machine
// can connect to 127.0.0.1; a server there that serves one person asks here first. Both houses may use it.
package peer

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// ErrUnknown means that the system did not tell, or not yet, whose connection it is: the other end is closed, or lies
// outside this system. It is to be refused like a stranger's.
var ErrUnknown = errors.New("the system cannot say which user connected")

// A StrangerError is a connection of another user.
type StrangerError struct{ User string }

// Who tells a person whose connection Check refused with err.
func Who(err error) string {
	if stranger := (*StrangerError)(nil); errors.As(err, &stranger) {
		return stranger.User + ", another user of this machine,"
	}
	return "a browser of an unknown user"
}

func (e *StrangerError) Error() string { return "another user of this machine connected: " + e.User }

// Check returns nil if the process at the other end of a connection runs as this user, or as root. local and remote are
// the addresses of our own end and of the other. It returns a *StrangerError for another user, and ErrUnknown if
// the system does not tell.
//
// Linux tells by sock_diag or else /proc/net/tcp, Windows by its table of connections, macOS by lsof, which shows a
// user no process of others: there a stranger is unknown. A closed socket has no owner on any of them, so ask before
// answering.
// Issue 12; RFC 8252 section 8.3 explains the threat.
func Check(local, remote net.Addr) error {
	here, okHere := addressOf(local)
	there, okThere := addressOf(remote)
	if !okHere || !okThere {
		return fmt.Errorf("%w: %v is no TCP address", ErrUnknown, remote)
	}
	return check(here, there)
}

func addressOf(a net.Addr) (netip.AddrPort, bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	p := tcp.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port()), p.IsValid()
}
