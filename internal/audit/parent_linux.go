package audit

import (
	"os"
	"strconv"
	"strings"
)

// Parent returns the name of the process that started this one; empty if the system does not tell.
func Parent() string {
	file, err := os.Open("/proc/" + strconv.Itoa(os.Getppid()) + "/comm")
	if err != nil {
		return ""
	}
	defer file.Close()
	name := make([]byte, 64)
	n, _ := file.Read(name)
	return strings.TrimSpace(string(name[:n]))
}
