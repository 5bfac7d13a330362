//go:build linux

package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/rogpeppe/go-internal/testscript"
)

// A desktop is a session bus of its own with gnome-keyring, for one home.
type desktop struct {
	home, address string
	bus, keyring  *exec.Cmd
}

// password opens the keyring.
const password = "the keyring's password"

// newDesktop starts a bus; nobody keeps secrets on it yet.
func newDesktop(home string) (*desktop, error) {
	d := &desktop{home: home}
	if err := os.MkdirAll(d.runtime(), 0o700); err != nil {
		return nil, err
	}
	d.bus = exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1")
	d.bus.Env = d.environ()
	out, err := d.bus.StdoutPipe()
	if err == nil {
		err = d.bus.Start()
	}
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	d.address = strings.TrimSpace(line)
	return d, err
}

func (d *desktop) runtime() string { return filepath.Join(d.home, "run") }

// environ is that of a session without a display.
func (d *desktop) environ() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "XDG_RUNTIME_DIR=" + d.runtime(),
		"DBUS_SESSION_BUS_ADDRESS=" + d.address,
	}
}

// unlock starts gnome-keyring with its password, in the place of one that runs.
func (d *desktop) unlock() error {
	return d.start("--unlock", password)
}

// lock starts it without.
func (d *desktop) lock() error { return d.start("--start", "") }

func (d *desktop) start(flag, stdin string) error {
	if err := d.kill(); err != nil {
		return err
	}
	cmd := exec.Command("gnome-keyring-daemon", "--foreground", flag, "--components=secrets")
	if flag == "--start" {
		cmd = exec.Command("gnome-keyring-daemon", "--foreground", "--components=secrets")
	}
	cmd.Env, cmd.Stdin = d.environ(), strings.NewReader(stdin)
	if err := cmd.Start(); err != nil {
		return err
	}
	d.keyring = cmd
	return d.wait(true)
}

// wait waits until somebody keeps secrets, or nobody.
func (d *desktop) wait(running bool) error {
	bus, err := dbus.Connect(d.address)
	if err != nil {
		return err
	}
	defer bus.Close()
	for range 500 {
		var owned bool
		err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.freedesktop.secrets").Store(&owned)
		if err != nil || owned == running {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("no change of org.freedesktop.secrets to %v", running)
}

// signal reaches the keyring.
func (d *desktop) signal(s syscall.Signal) error { return d.keyring.Process.Signal(s) }

// kill ends the keyring at once, and one that the bus has started in its place.
func (d *desktop) kill() error {
	if d.keyring != nil {
		_ = d.keyring.Process.Kill()
		_ = d.keyring.Wait()
		d.keyring = nil
	}
	_ = d.strike() // without one it fails
	return d.wait(false)
}

// strike kills whoever keeps secrets now, and waits for nothing: the bus may start another one at once.
func (d *desktop) strike() error {
	bus, err := dbus.Connect(d.address)
	if err != nil {
		return err
	}
	defer bus.Close()
	var pid int
	err = bus.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, "org.freedesktop.secrets").Store(&pid)
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// close ends all, also what the bus has started.
func (d *desktop) close() {
	_ = d.kill()
	_ = d.bus.Process.Signal(syscall.SIGTERM)
	_ = d.bus.Wait()
}

// items are the ids of the keys that lie in the keyring, by rolecall's files.
func (d *desktop) items() ([]string, error) {
	out, err := d.tool("search", "--all", "service", "rolecall")
	var ids []string
	for line := range strings.Lines(out) {
		if id, found := strings.CutPrefix(line, "attribute.username = split:"); found {
			ids = append(ids, strings.TrimSpace(id))
		}
	}
	return ids, err
}

// tool runs secret-tool, which ends with 1 when there is nothing.
func (d *desktop) tool(args ...string) (string, error) {
	cmd := exec.Command("secret-tool", args...)
	cmd.Env = d.environ()
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	return string(out), err
}

// replace puts another text in the place of every key.
func (d *desktop) replace(text string) error {
	ids, err := d.items()
	for _, id := range ids {
		cmd := exec.Command("secret-tool", "store", "--label=x", "service", "rolecall", "username", "split:"+id)
		cmd.Env, cmd.Stdin = d.environ(), strings.NewReader(text)
		err = errors.Join(err, cmd.Run())
	}
	return err
}

type desktopKey struct{}

// keyringCommand is "keyring" in a story: start, unlock, lock, stop, go, kill, forget, replace TEXT, items N.
func keyringCommand(ts *testscript.TestScript, _ bool, args []string) {
	d, _ := ts.Value(desktopKey{}).(*desktopHolder)
	if args[0] == "start" {
		started, err := newDesktop(worldOf(ts).home)
		ts.Check(err)
		d.desktop = started
		ts.Defer(started.close)
		ts.Setenv("DBUS_SESSION_BUS_ADDRESS", started.address)
		ts.Setenv("XDG_RUNTIME_DIR", started.runtime())
		return
	}
	switch args[0] {
	case "unlock":
		ts.Check(d.unlock())
	case "lock":
		ts.Check(d.lock())
	case "stop":
		ts.Check(d.signal(syscall.SIGSTOP))
	case "go":
		ts.Check(d.signal(syscall.SIGCONT))
	case "kill":
		ts.Check(d.kill())
	case "forget":
		_, err := d.tool("clear", "service", "rolecall")
		ts.Check(err)
	case "replace":
		ts.Check(d.replace(args[1]))
	case "items":
		ids, err := d.items()
		ts.Check(err)
		if got := fmt.Sprint(len(ids)); got != args[1] {
			ts.Fatalf("the keyring has %s keys of rolecall, want %s: %v", got, args[1], ids)
		}
	default:
		ts.Fatalf("keyring %s: unknown", args[0])
	}
}

// A desktopHolder has the desktop of a story, once it is started.
type desktopHolder struct{ *desktop }
