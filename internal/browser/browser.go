// Package browser opens an address in the person's browser. It opens nothing but
// https, and http on this machine, and never goes through a shell.
package browser

import (
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

	"rolecall/internal/words"
)

// startGrace is how long an opener may take to fail before it counts as having opened the page: a new browser keeps
// running.
const startGrace = 300 * time.Millisecond

// openGrace is how long an opener may take to fail before it counts as a browser that a person has closed.
const openGrace = 10 * time.Second

// ErrNone means that no opener is installed.
var ErrNone = errors.New("no browser found")

// An Opener is how programs are started that open an address.
type Opener struct {
	// Stderr gets their output: stdout is for results.
	Stderr io.Writer
	// Failed is called if none of them worked, as it turns out later. It runs in the background.
	Failed func(error)
	// Around starts a program by calling what it is given.
	Around func(start func() error) error
}

// Open opens address. command is $BROWSER's text, as Python's webbrowser reads it: alternatives separated as in PATH,
// each a program's path, or a command with quotes as in a shell and %s for the address, which is otherwise added at the
// end; empty means the system's openers. An opener that fails later is replaced by the next one in the background.
func (o Opener) Open(command, address string) error {
	if !allowed(address) {
		return errors.New("not opened: the address is neither https nor on this machine")
	}
	alternatives := openers()
	if command != "" {
		alternatives = nil
		for text := range strings.SplitSeq(command, string(os.PathListSeparator)) {
			if text = strings.TrimSpace(text); text != "" {
				alternatives = append(alternatives, commandOf(text))
			}
		}
	}
	var found [][]string
	var missing []string
	for _, words := range alternatives {
		if path, err := exec.LookPath(words[0]); err != nil {
			missing = append(missing, words[0])
		} else {
			found = append(found, append([]string{path}, arguments(words[1:], address)...))
		}
	}
	switch {
	case len(found) == 0 && command != "":
		return fmt.Errorf("%w: BROWSER is %s, which is not installed", ErrNone, strings.Join(missing, ", "))
	case len(found) == 0:
		return ErrNone
	}
	return o.try(found)
}

// commandOf returns the words of one alternative in BROWSER, which is not empty. Text whose quotes do not match is one
// word.
func commandOf(text string) []string {
	if info, err := os.Stat(text); err == nil && !info.IsDir() && !strings.Contains(text, "%s") {
		return []string{text} // a path, perhaps with blanks
	}
	command := words.Split(text)
	switch n := len(command); {
	case n == 0:
		return []string{text}
	case n > 1 && command[n-1] == "&":
		return command[:n-1] // all of them run in the background
	}
	return command
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

// try runs one opener after the other, until one has not failed for startGrace. If that one fails later, the rest is
// tried in the background.
func (o Opener) try(openers [][]string) error {
	var err error
	for i, words := range openers {
		c := exec.Command(words[0], words[1:]...) // it outlives the sign-in
		c.Stdout, c.Stderr = o.Stderr, o.Stderr
		if err = o.Around(c.Start); err != nil {
			continue
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case err = <-ended:
			if err == nil {
				return nil
			}
			err = fmt.Errorf("%s: %w", words[0], err)
		case <-time.After(startGrace):
			go o.watch(ended, words[0], openers[i+1:])
			return nil
		}
	}
	return err
}

// watch waits for an opener that seemed to work, and tries the rest if it fails.
func (o Opener) watch(ended <-chan error, name string, rest [][]string) {
	started := time.Now()
	err := <-ended
	if err == nil || time.Since(started) > openGrace {
		return // a browser that a person has closed
	}
	if len(rest) > 0 {
		err = o.try(rest)
	}
	if err != nil {
		o.Failed(fmt.Errorf("%s did not open the page: %w", name, err))
	}
}

// openers are the system's ways to open an address.
func openers() [][]string {
	switch runtime.GOOS {
	case "darwin":
		return [][]string{{"open"}}
	case "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}
	}
	return [][]string{
		{"wslview"}, {"rundll32.exe", "url.dll,FileProtocolHandler"}, // on WSL
		{"xdg-open"}, {"x-www-browser"}, {"www-browser"},
	}
}

// Programs are the names of the system's ways to open an address.
func Programs() []string {
	var names []string
	for _, words := range openers() {
		names = append(names, words[0])
	}
	return names
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
