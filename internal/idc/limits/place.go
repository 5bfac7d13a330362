package limits

import (
	"net"
	"net/netip"
)

// Loopback stands for all addresses of this machine: a program may choose among millions of them.
const Loopback = "this machine"

// Place returns the place of a caller's address and port, as a key and to compare: the address, a network of IPv6,
// which is one customer's, or Loopback.
func Place(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	switch {
	case ip.IsLoopback():
		return Loopback
	case ip.Is6():
		network, _ := ip.Prefix(64) // fits
		return network.String()
	}
	return ip.String()
}
