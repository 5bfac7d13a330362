//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/idc/visitor"
	"rolecall/internal/proof"
)

// stranger is the user id of another user of the machine.
const stranger = 65534

// The stories of testdata/strangers are attacks by another user of the same machine, with a user id of its own. They
// have one more command than those of testdata/stories:
//
//	stranger get URL          another user asks, and follows no redirect: prints status and Location
//	stranger keys URL TOKEN   another user asks for keys with the token: prints the status, and whether it got keys
//	stranger visit USER URL   another user signs in there with a browser of its own
//	stranger watch            another user reads all command lines, again and again, and prints what is secret in them
//
// Issue 12; A1 of the threats.
func TestOtherUsers(t *testing.T) {
	requireRoot(t)
	params := storyParams()
	params.Dir = "testdata/strangers"
	runStories(t, params, nil)
	proof.Note(t, "users", 13, 13) // the stories' attacks
}

// Another user who reads the command lines of all processes learns nothing. It runs alone, as other tests' clients do
// put such addresses there.
func TestCommandLinesHoldNoSecret(t *testing.T) {
	requireRoot(t)
	params := storyParams()
	params.Dir = "testdata/watched"
	runStories(t, params, nil)
	proof.Note(t, "users", 6, 6) // the commands that are watched
}

// requireRoot skips a test that becomes another user, and says so.
func requireRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		tell("lane two users: not run, since only root can become another user")
		t.Skip("only root can become another user")
	}
}

func strangerMain() {
	if err := playStranger(os.Args[1:]); err != nil {
		fmt.Println("stranger:", err)
		os.Exit(1)
	}
}

func playStranger(args []string) error {
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(stranger), syscall.Setuid(stranger)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), storyTimeout)
	defer cancel()
	switch {
	case len(args) == 2 && args[0] == "get":
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, args[1], nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		fmt.Println("stranger: status", strconv.Itoa(answer.StatusCode)+",", "location", answer.Header.Get("Location"))
		return nil
	case len(args) == 3 && args[0] == "keys":
		return strangerKeys(ctx, args[1], args[2])
	case len(args) == 3 && args[0] == "visit":
		title, err := visitor.Visitor{User: args[1], Password: "correct-horse-" + args[1]}.Visit(ctx, args[2])
		fmt.Printf("stranger: title %s\n", title)
		return err
	}
	if len(args) == 1 && args[0] == "watch" {
		return watchCommandLines()
	}
	return fmt.Errorf("usage: stranger get URL | visit USER URL | watch")
}

// strangerKeys asks an endpoint for keys, with its token; unix:PATH is only connected to.
func strangerKeys(ctx context.Context, address, token string) error {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			_ = conn.Close()
		}
		fmt.Println("stranger:", err)
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", token)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Printf("stranger: status %d, keys %v\n", answer.StatusCode, strings.Contains(string(text), "ASIA"))
	return err
}

// isBelow reports whether a process is a descendant of another.
func isBelow(process, ancestor string) bool {
	for range 20 {
		if process == ancestor {
			return true
		}
		text, err := os.ReadFile(filepath.Join("/proc", process, "stat"))
		_, rest, found := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if err != nil || !found || len(fields) < 2 {
			return false
		}
		process = fields[1]
	}
	return false
}

// secretWords are in addresses, codes and keys that no command line may hold; the last one is the control.
var secretWords = regexp.MustCompile(
	`state=|code_challenge|SigninToken|user_code=|\bASIA[A-Z0-9]|\baoa[A-Za-z0-9]|canary`)

// watchCommandLines reads those of this test's processes until SIGINT.
func watchCommandLines() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	seen := map[string]bool{}
	for ctx.Err() == nil {
		lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			return err
		}
		for _, path := range lines {
			if !isBelow(filepath.Base(filepath.Dir(path)), strconv.Itoa(os.Getppid())) {
				continue
			}
			text, _ := os.ReadFile(path) // it may have ended
			for _, word := range secretWords.FindAllString(string(text), -1) {
				if !seen[word] {
					seen[word] = true
					fmt.Printf("stranger: a command line with %s\n", word)
				}
			}
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}
