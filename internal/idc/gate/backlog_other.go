//go:build !linux

package gate

import "net"

// refuseNew is unknown here.
func refuseNew(net.Listener) {}

// backlog is unknown here.
func backlog(net.Listener) (n int, known bool) { return 0, false }
