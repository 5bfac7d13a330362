//go:build unix

package cli

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// shellID tells the terminal session of this process from others: a shell, and what it starts.
func shellID() string {
	id, err := unix.Getsid(0)
	if err != nil {
		return ""
	}
	return strconv.Itoa(id) + startOf(id)
}
