package cli

import (
	"os"
	"strconv"
)

// shellID is that of the process that started this one: a shell.
func shellID() string { return strconv.Itoa(os.Getppid()) }
