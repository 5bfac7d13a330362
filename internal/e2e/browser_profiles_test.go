//go:build linux

package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
)

// aDisplay starts a display that nobody sees, and returns its name.
func aDisplay(t *testing.T) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.Command("/usr/bin/Xvfb", "-displayfd", "3", "-nolisten", "tcp", "-screen", "0", "1024x768x24")
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Start()
	write.Close()
	if err != nil {
		t.Fatalf("%v\ninstall it: make needs", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb: %v", err)
	}
	return ":" + strings.TrimSpace(number)
}

// The console in two profiles of a real Chromium that config.toml chooses by account: each has its own folder, and the
// second goes to the running browser.
func TestTheConsoleInProfilesOfChromium(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	w.must(t, "rolecall", "sync", "corp")
	w.settings(t, "[[console]]\nbrowser = \"chromium\"\nprofile = \"{{.AccountName}} {{.RoleName}}\"\n")
	data := filepath.Join(w.home, ".config", "chromium")
	programs := t.TempDir()
	shim := "#!/bin/sh\nexec /usr/bin/chromium --no-sandbox --disable-gpu --disable-background-networking " +
		"--disable-component-update --user-data-dir='" + data + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(programs, "chromium"), []byte(shim), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("pkill", "-f", "--", "--user-data-dir="+data).Run()
		for range 100 { // it still writes into the home, which goes next
			if exec.Command("pgrep", "-f", "--", "--user-data-dir="+data).Run() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Error("chromium goes on")
	})
	display := aDisplay(t)
	for target, profile := range map[string]string{"dev": "payments-dev Admin", "audit": "payments-dev ReadOnly"} {
		w.must(t, "env", "PATH="+programs+":"+os.Getenv("PATH"), "BROWSER=", "DISPLAY="+display, "sh", "-c",
			"rolecall console "+target+" 2>"+filepath.Join(programs, "log")) // the browser keeps stderr
		history := filepath.Join(data, profile, "History")
		deadline := time.Now().Add(storyTimeout)
		for {
			text, err := os.ReadFile(history)
			if err == nil && strings.Contains(string(text), w.url) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s has no page of the console: %v", history, err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}
