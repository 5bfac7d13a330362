//go:build unix

package peer

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// lsofLimit bounds how long lsof may take.
const lsofLimit = 3 * time.Second

// askLsof asks the program lsof for the process whose end of an open connection is there.
func askLsof(program string, here, there netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(context.Background(), lsofLimit)
	defer cancel()
	// u: the user of each process; n: the two addresses of each connection.
	text, err := exec.CommandContext(ctx, program, "-nP", "-w", "-b", "-F", "un", "-a",
		"-iTCP@"+there.String(), "-sTCP:ESTABLISHED").Output()
	connection := "n" + there.String() + "->" + here.String()
	uid := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "u"):
			uid = line[1:]
		case line == connection && (uid == "0" || uid == strconv.Itoa(os.Geteuid())):
			return nil
		case line == connection:
			return &StrangerError{"uid " + uid}
		}
	}
	if err != nil { // also when it found nothing
		return fmt.Errorf("%w: lsof: %w", ErrUnknown, err)
	}
	return ErrUnknown
}
