// Command launch runs a Windows program with a home folder of its own: wine sets USERPROFILE and the folders below it
// from its registry, whatever the environment says. HOME, a path as Linux has it, leads to them.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

func main() {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // it is the program's, which has the same console
	home := "Z:" + filepath.FromSlash(os.Getenv("LAUNCH_HOME"))
	for name, path := range map[string]string{
		"USERPROFILE": home, "LOCALAPPDATA": filepath.Join(home, "AppData", "Local"),
		"APPDATA": filepath.Join(home, "AppData", "Roaming"),
	} {
		if err := os.Setenv(name, path); err != nil {
			fail(err)
		}
	}
	program := exec.Command(os.Args[1], os.Args[2:]...)
	program.Stdin, program.Stdout, program.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := program.Run(); program.ProcessState == nil {
		fail(err)
	}
	os.Exit(program.ProcessState.ExitCode())
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "launch:", err)
	os.Exit(99)
}
