package audit

import (
	"os"

	"golang.org/x/sys/unix"
)

// Parent returns the name of the process that started this one; empty if the system does not tell.
func Parent() string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", os.Getppid())
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:])
}
