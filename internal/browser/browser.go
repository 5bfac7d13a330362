// Package browser opens an address in the person's browser. It opens nothing but
// https, and http on this machine, and never goes through a shell.
package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// startGrace is how long an opener may take to fail before it counts as having opened the page: a new browser keeps
// running.
const startGrace = 300 * time.Millisecond

// ErrNone means that no opener is installed.
var ErrNone = errors.New("no browser found")

// Open opens address. command is $BROWSER's text: alternatives separated as in PATH, each a command with %s for the
// address, which is otherwise added at the end; empty means the system's opener. The opener's output goes to stderr:
// stdout is for results.
func Open(ctx context.Context, command, address string, stderr io.Writer) error {
	if !allowed(address) {
		return errors.New("neither https nor on this machine: not opened")
	}
	alternatives := openers()
	if command != "" {
		alternatives = nil
		for text := range strings.SplitSeq(command, string(os.PathListSeparator)) {
			if words := strings.Fields(text); len(words) > 0 {
				alternatives = append(alternatives, words)
			}
		}
	}
	err := ErrNone
	for _, words := range alternatives {
		path, lookError := exec.LookPath(words[0])
		if lookError != nil {
			continue
		}
		if err = start(ctx, path, arguments(words[1:], address), stderr); err == nil {
			return nil
		}
	}
	return err
}

func allowed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	local := err == nil && ip.IsLoopback() || u.Hostname() == "localhost"
	return u.Scheme == "https" || u.Scheme == "http" && local
}

func arguments(words []string, address string) []string {
	var args []string
	placed := false
	for _, word := range words {
		if strings.Contains(word, "%s") {
			word, placed = strings.ReplaceAll(word, "%s", address), true
		}
		args = append(args, word)
	}
	if !placed {
		args = append(args, address)
	}
	return args
}

// start runs an opener in the background. It fails if the opener ends at once with an error.
func start(_ context.Context, path string, args []string, stderr io.Writer) error {
	c := exec.Command(path, args...) // it outlives the sign-in
	c.Stdout, c.Stderr = stderr, stderr
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	case <-time.After(startGrace):
	}
	return nil
}

// openers are the system's ways to open an address.
func openers() [][]string {
	switch runtime.GOOS {
	case "darwin":
		return [][]string{{"open"}}
	case "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}
	}
	return [][]string{{"xdg-open"}, {"wslview"}, {"x-www-browser"}, {"www-browser"}}
}

// Available reports whether this machine is likely to have a browser: a desktop session that is not reached over SSH.
// It only decides whether to try to open one, never how a person signs in.
func Available(getenv func(string) string) bool {
	if getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "" {
		return false
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return true
	}
	return getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "" || getenv("WSL_DISTRO_NAME") != ""
}
