package limits

import (
	"net"
	"net/netip"
)

// Loopback is the place of every loopback address: a program may choose among millions of them.
const Loopback = "this machine"

// Address cuts the port off a caller's address and port.
func Address(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return hostPort
	}
	return host
}

// Place returns the place of a caller's address and port, as a key and to compare: the address, a network of IPv6,
// which is one customer's, or Loopback.
func Place(hostPort string) string {
	host := Address(hostPort)
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
