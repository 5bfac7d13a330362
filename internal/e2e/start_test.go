//go:build linux

package e2e

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// maxInit bounds what a package of ours may allocate before main begins: tables and patterns for one command are made
// by that command.
const maxInit = 24 << 10

func TestStartingCostsLittle(t *testing.T) {
	cmd := exec.Command("rolecall", "version")
	cmd.Env = []string{"GODEBUG=inittrace=1", "HOME=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^init (rolecall/\S+) .* (\d+) bytes`).FindAllStringSubmatch(string(out), -1)
	if len(lines) == 0 && !strings.Contains(string(out), "init runtime") {
		t.Fatalf("there is no trace of the start: %s", out)
	}
	for _, line := range lines {
		if bytes, err := strconv.Atoi(line[2]); err != nil || bytes > maxInit {
			t.Errorf("%s allocates %s bytes before main, %v", line[1], line[2], err)
		}
	}
}
