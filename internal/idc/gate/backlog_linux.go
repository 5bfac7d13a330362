package gate

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// refuseNew lets a listener ignore requests for new connections, while those that were accepted by the system stay. Who
// asks again, a second later, finds it closed.
func refuseNew(l net.Listener) {
	// The filter sees a packet from its TCP header on: load the flags; with SYN, take nothing, otherwise all.
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13},
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: 0x02, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff},
	}
	control(l, func(fd int) {
		// Where that is forbidden, new connections are accepted for a moment longer.
		_ = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	})
}

// backlog returns how many connections the system has accepted that Accept has not.
func backlog(l net.Listener) (n int, known bool) {
	control(l, func(fd int) {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if known = err == nil; known {
			n = int(info.Unacked) // of a listening socket: its backlog
		}
	})
	return n, known
}

func control(l net.Listener, do func(fd int)) {
	if socket, ok := l.(syscall.Conn); ok {
		if raw, err := socket.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { do(int(fd)) })
		}
	}
}
