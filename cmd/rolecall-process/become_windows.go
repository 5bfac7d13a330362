package main

import (
	"os"
)

// become runs path as a child on our own streams and returns its exit code: Windows cannot replace a process.
func become(path string, argv []string) (int, error) {
	child, err := os.StartProcess(path, argv, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return 1, err
	}
	state, err := child.Wait()
	if err != nil {
		return 1, err
	}
	return state.ExitCode(), nil
}
