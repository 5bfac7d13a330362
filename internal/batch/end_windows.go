package batch

import "os"

// Ending returns a command's exit code. On Windows, no signal ends a command.
func Ending(state *os.ProcessState) (code int, err error) { return state.ExitCode(), nil }
