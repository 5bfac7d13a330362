package peer

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Sizes and offsets of the kernel's linux/inet_diag.h and linux/netlink.h.
const (
	netlinkHeader  = 16
	diagRequest    = 56 // inet_diag_req_v2
	diagID         = 4  // of the inet_diag_sockid in an inet_diag_msg
	diagIDBytes    = 36 // of it, that name both ends
	diagUID        = 64
	diagAnswer     = 72 // inet_diag_msg
	netlinkError   = 2  // NLMSG_ERROR
	diagAnyCookie  = 0xffffffff
	diagAllStates  = 0xffffffff
	diagIPProtocol = 6 // TCP
)

// diagnose asks the kernel for one socket, by the sock_diag of linux/sock_diag.h: /proc/net/tcp lists all of them, also
// the closed ones of the last minute. found is also false if the kernel does not answer, or returns another socket for
// these ends, such as a listening one: then look at the list.
func diagnose(own, other netip.AddrPort) (e entry, found bool) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return e, false
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return e, false
	}
	request := newDiagRequest(own, other)
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return e, false
	}
	buffer := make([]byte, 4096)
	n, from, err := unix.Recvfrom(fd, buffer, 0)
	if sender, ok := from.(*unix.SockaddrNetlink); err != nil || !ok || sender.Pid != 0 { // not the kernel
		return e, false
	}
	return readDiagAnswer(buffer[:n], request)
}

func newDiagRequest(own, other netip.AddrPort) []byte {
	native := binary.NativeEndian
	b := native.AppendUint32(nil, netlinkHeader+diagRequest)
	b = native.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = native.AppendUint16(b, unix.NLM_F_REQUEST)
	b = append(b, make([]byte, 8)...) // number and port
	family := byte(unix.AF_INET)
	if own.Addr().Is6() {
		family = unix.AF_INET6
	}
	b = append(b, family, diagIPProtocol, 0, 0)
	b = native.AppendUint32(b, diagAllStates)
	b = binary.BigEndian.AppendUint16(b, own.Port())
	b = binary.BigEndian.AppendUint16(b, other.Port())
	for _, end := range []netip.AddrPort{own, other} {
		address := end.Addr().AsSlice()
		b = append(append(b, address...), make([]byte, 16-len(address))...)
	}
	b = append(b, 0, 0, 0, 0) // any interface
	b = native.AppendUint32(b, diagAnyCookie)
	return native.AppendUint32(b, diagAnyCookie)
}

func readDiagAnswer(b, request []byte) (e entry, found bool) {
	native := binary.NativeEndian
	if len(b) < netlinkHeader+diagAnswer || native.Uint16(b[4:]) == netlinkError {
		return e, false
	}
	b = b[netlinkHeader:]
	ends := request[netlinkHeader+8:][:diagIDBytes]
	if string(b[diagID:][:diagIDBytes]) != string(ends) {
		return e, false
	}
	return entry{
		state: "0" + strconv.FormatUint(uint64(b[1]), 16),
		uid:   strconv.FormatUint(uint64(native.Uint32(b[diagUID:])), 10),
		inode: strconv.FormatUint(uint64(native.Uint32(b[diagUID+4:])), 10),
	}, true
}
