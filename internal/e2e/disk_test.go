//go:build linux

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// A read-only home is made with mounts, in a mount namespace of its own: modes do not stop root.
const (
	remount  = `mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && exec "$@"`
	fillDisk = `mkdir "$HOME/../copy" 2>/dev/null; cp -a "$HOME/." "$HOME/../copy" && ` +
		`mount -t tmpfs -o size=256k tmpfs "$HOME" && ` +
		`cp -a "$HOME/../copy/." "$HOME" && { cat /dev/zero > "$HOME/filler" 2>/dev/null; true; } && exec "$@"`
)

// readOnlyMain is the command "readonly COMMAND …" of the stories.
// boundMain runs a command where the config file is a mount of its own, as in containers.
func boundMain() {
	inNamespace(`mount --bind "$HOME/.aws/config" "$HOME/.aws/config" && exec "$@"`)
}

func readOnlyMain() { inNamespace(remount) }

// manage puts the folder "machine" of a story in place of /etc/rolecall, as root's.
const manage = `mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir /mnt/up /mnt/work && ` +
	`cp -a "$WORK/machine" /mnt/up/rolecall && ` +
	`mount -t overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work overlay /etc && exec "$@"`

// managedMain is the command "managed COMMAND …": the machine has the files of the folder "machine".
func managedMain() { inNamespace(manage) }

// fullMain is the command "full COMMAND …": the home is on a full disk.
func fullMain() { inNamespace(fillDisk) }

func inNamespace(script string) {
	args := append([]string{"--mount", "--map-root-user", "--propagation", "private", "sh", "-c", script, "sh"},
		os.Args[1:]...)
	cmd := exec.Command("unshare", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
}
