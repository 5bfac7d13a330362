//go:build unix && !linux

package nodump

// hide does nothing: there is no such switch.
func hide() {}
