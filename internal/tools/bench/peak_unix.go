//go:build unix

package main

import (
	"os"
	"syscall"
)

// peak returns the peak memory of an ended process in KiB, as Linux counts.
func peak(state *os.ProcessState) int64 {
	usage, _ := state.SysUsage().(*syscall.Rusage)
	return int64(usage.Maxrss)
}
