package peer

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

// check asks the table of TCP connections for the process, and the process for its user.
func check(here, there netip.AddrPort) error {
	pid, err := process(there, here)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if pid == 0 { // closed
		return ErrUnknown
	}
	theirs, err := owner(pid)
	if err != nil { // other users' processes do not open
		return fmt.Errorf("%w: process %d: %w", ErrUnknown, pid, err)
	}
	ours, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if !theirs.Equals(ours.User.Sid) {
		return &StrangerError{theirs.String()}
	}
	return nil
}

const (
	tableOwnerPIDAll = 5 // TCP_TABLE_OWNER_PID_ALL
	rowSize          = 24
	tcpEstablished   = 5 // MIB_TCP_STATE_ESTAB
)

// process returns the process whose end of an open connection of IPv4 is own, or 0 (GetExtendedTcpTable,
// MIB_TCPROW_OWNER_PID).
func process(own, other netip.AddrPort) (uint32, error) {
	call := windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")
	if err := call.Find(); err != nil {
		return 0, err
	}
	var table []byte
	size := uint32(64 << 10)
	for range 5 { // the table may grow between two calls
		table = make([]byte, size)
		code, _, _ := call.Call(uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&size)), 0,
			windows.AF_INET, tableOwnerPIDAll, 0)
		switch windows.Errno(code) {
		case windows.ERROR_SUCCESS:
			return processIn(table, own, other), nil
		case windows.ERROR_INSUFFICIENT_BUFFER:
		default:
			return 0, windows.Errno(code)
		}
	}
	return 0, windows.ERROR_INSUFFICIENT_BUFFER
}

func processIn(table []byte, own, other netip.AddrPort) uint32 {
	count := binary.LittleEndian.Uint32(table)
	for row := table[4:]; count > 0 && len(row) >= rowSize; row, count = row[rowSize:], count-1 {
		field := func(i int) uint32 { return binary.LittleEndian.Uint32(row[4*i:]) }
		if field(0) == tcpEstablished && address(row[4:]) == own && address(row[12:]) == other {
			return field(5)
		}
	}
	return 0
}

// address reads an address and a port in the network's byte order.
func address(b []byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), binary.BigEndian.Uint16(b[4:]))
}

// owner returns the user of a process.
func owner(pid uint32) (*windows.SID, error) {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return nil, err
	}
	defer func() { _ = windows.CloseHandle(handle) }()
	var token windows.Token
	if err := windows.OpenProcessToken(handle, windows.TOKEN_QUERY, &token); err != nil {
		return nil, err
	}
	defer func() { _ = token.Close() }()
	user, err := token.GetTokenUser()
	if err != nil {
		return nil, err
	}
	return user.User.Sid, nil
}
