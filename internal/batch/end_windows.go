package batch

import "os"

// Ending gives a command's exit code. Windows has no signals that end one.
func Ending(state *os.ProcessState) (code int, err error) { return state.ExitCode(), nil }
