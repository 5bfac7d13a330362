package nodump

import "syscall"

// hide is prctl(PR_SET_DUMPABLE, 0). The next program of this process is dumpable again.
func hide() { _, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0) }
