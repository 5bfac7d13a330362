package batch

import (
	"os"
	"os/exec"
)

// apart does nothing: Windows sends Ctrl-C to every process of the console.
func apart(*exec.Cmd) {}

// send ends the command, the one thing that can be sent there.
func send(p *os.Process, s os.Signal) {
	if s == os.Kill {
		_ = p.Kill()
	}
}
