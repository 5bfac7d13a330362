package audit

import (
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// lean is our other program, which runs this one as a child.
const lean = "rolecall-process.exe"

// Parent returns the name of the process that started this one; empty if the system does not tell.
func Parent() string {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return ""
	}
	defer func() { _ = windows.CloseHandle(snapshot) }()
	processes := map[uint32]windows.ProcessEntry32{}
	p := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snapshot, &p); err == nil; err = windows.Process32Next(snapshot, &p) {
		processes[p.ProcessID] = p
	}
	parent := processes[uint32(os.Getppid())]
	name := windows.UTF16ToString(parent.ExeFile[:])
	if strings.EqualFold(name, lean) {
		parent = processes[parent.ParentProcessID]
		name = windows.UTF16ToString(parent.ExeFile[:])
	}
	return name
}
