//go:build unix && !linux

package peer

import "net/netip"

// check asks lsof, which comes with macOS.
func check(here, there netip.AddrPort) error { return askLsof("/usr/sbin/lsof", here, there) }
