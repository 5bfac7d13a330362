//go:build unix

package nodump

import "syscall"

// Forbid sets RLIMIT_CORE to 0 and, on Linux, makes the process undumpable: then other processes of the same user
// cannot read its memory and environment, and the system writes no core, whatever /proc/sys/kernel/core_pattern says.
// Systems that refuse lose nothing else. Only the soft limit changes, so that children can have the old one.
func Forbid() *Limits {
	hide()
	var before syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &before) != nil {
		return &Limits{}
	}
	none := before
	none.Cur = 0
	l := &Limits{
		restore: func() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &before) },
		forbid:  func() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &none) },
	}
	l.forbid()
	return l
}
