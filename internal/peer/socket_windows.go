package peer

import "net"

// CheckSocket returns ErrUnknown: Windows does not tell.
func CheckSocket(net.Conn) error { return ErrUnknown }
