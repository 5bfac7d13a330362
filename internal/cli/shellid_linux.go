package cli

import (
	"fmt"
	"os"
	"strings"
)

// startOf returns when a process began, in ticks: its number is used again. It is empty if that is not known.
func startOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name of the program may have blanks
	if fields := strings.Fields(rest); len(fields) > 19 {
		return "-" + fields[19]
	}
	return ""
}
