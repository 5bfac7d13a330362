//go:build unix

package peak

import (
	"os"
	"syscall"
)

// KiB returns the peak memory of an ended process, in Linux's unit.
func KiB(state *os.ProcessState) int64 {
	usage, _ := state.SysUsage().(*syscall.Rusage)
	return int64(usage.Maxrss)
}
