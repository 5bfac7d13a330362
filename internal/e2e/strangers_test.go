//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"testing"

	"rolecall/internal/idc/visitor"
	"rolecall/internal/proof"
)

// stranger is the user id of another user of the machine.
const stranger = 65534

// The stories of testdata/strangers are attacks by another user of the same machine, with a user id of its own. They
// have one more command than those of testdata/stories:
//
//	stranger get URL          another user asks, and follows no redirect: prints status and Location
//	stranger visit USER URL   another user signs in there with a browser of its own
//
// Issue 12; A1 of the threats.
func TestOtherUsers(t *testing.T) {
	requireRoot(t)
	params := storyParams()
	params.Dir = "testdata/strangers"
	runStories(t, params, nil)
	proof.Note(t, "users", 8, 8) // the stories' attacks
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
	case len(args) == 3 && args[0] == "visit":
		title, err := visitor.Visitor{User: args[1], Password: "correct-horse-" + args[1]}.Visit(ctx, args[2])
		fmt.Printf("stranger: title %s\n", title)
		return err
	}
	return fmt.Errorf("usage: stranger get URL | visit USER URL")
}
