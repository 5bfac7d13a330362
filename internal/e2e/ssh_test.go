//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/visitor"
)

// Somebody signs in on another machine with the browser of this one, through the ssh of the site's page. The other
// machine is a network namespace with an SSH server.
func TestSignInOverSSH(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	there := aContainer(t)
	there.reachesCenter(t, w)
	page, err := os.ReadFile("../../site/pages/ssh.md")
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	forward := strings.ReplaceAll(regexp.MustCompile(`ssh -L .* build-7`).FindString(string(page)), "8400", port)
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	ssh := exec.CommandContext(ctx, "sh", "-ec", "exec "+forward)
	ssh.Env = append(os.Environ(), "PATH="+sshTo(t, w, there)+":"+os.Getenv("PATH"))
	var said bytes.Buffer
	ssh.Stdout, ssh.Stderr = &said, &said
	open, err := ssh.StdinPipe()
	if err == nil {
		err = ssh.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = open.Close()
		_ = ssh.Wait()
	}()

	var title string
	person := aTerminal{opens: func(address string) {
		for ctx.Err() == nil { // ssh has connected
			if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
				_ = c.Close()
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		title, _ = visitor.Visitor{User: "alice", Password: "correct-horse-alice"}.Visit(ctx, address)
	}}
	var stdout bytes.Buffer
	login := there.inside("rolecall", "login", "corp", "--callback-port", port, "--no-browser")
	code, screen, err := person.run(ctx, login, w.environ(), &stdout)
	if err != nil || code != 0 || title != "Signed in" {
		t.Fatalf("exit code %d, %v, the browser ends on %q\n%s\n%s", code, err, title, screen, said.String())
	}
	if want := fmt.Sprintf("ssh -L %[1]s:127.0.0.1:%[1]s ", port); !strings.Contains(screen, want) {
		t.Errorf("no %q in\n%s", want, screen)
	}
}

// sshTo returns a folder with an ssh that reaches the machine build-7: a server in c, which knows this key alone and
// leaves this machine's home alone.
func sshTo(t *testing.T, w *world, c container) string {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	config := "Host build-7\n  User root\n  IdentityFile " + in("key") + "\n  IdentitiesOnly yes\n  IdentityAgent none\n" +
		"  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  ExitOnForwardFailure yes\n" +
		"  ProxyCommand " + strings.Join(c.inside("busybox", "nc", "127.0.0.1", "22"), " ") + "\n"
	if err := errors.Join(
		os.Chmod(dir, 0o700), os.Mkdir(in(".ssh"), 0o700), os.WriteFile(in("config"), []byte(config), 0o600),
		os.WriteFile(in("ssh"), []byte("#!/bin/sh\nexec /usr/bin/ssh -F "+in("config")+" \"$@\"\n"), 0o700),
		exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", in("key")).Run(),
		exec.Command("dropbearkey", "-t", "ed25519", "-f", in("host")).Run(),
		os.Rename(in("key.pub"), in(".ssh/authorized_keys")),
	); err != nil {
		t.Fatal(err)
	}
	serve := "mount --bind $0 /root && exec dropbear -F -E -s -c cat -p 127.0.0.1:22 -P $0/pid -r $0/host"
	w.start(t, "Not backgrounding", c.inside("sh", "-c", serve, dir)...)
	return dir
}
