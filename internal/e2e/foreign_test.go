//go:build linux

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

// saves is the command "saves KIND CONFIG LOG UNTIL": a program that saves the config file in its own way, with a line
// more each time, and writes down which lines it has saved. Those that rewrite the file take turns by a lock of their
// own, as each would overwrite what another has saved meanwhile.
func savesMain() {
	kind, path, log := os.Args[1], os.Args[2], os.Args[3]
	until, err := strconv.ParseInt(os.Args[4], 10, 64)
	check(err)
	turn, err := os.OpenFile(filepath.Join(filepath.Dir(log), "turn"), os.O_CREATE|os.O_RDWR, 0o600)
	check(err)
	saved, err := os.Create(log)
	check(err)
	for i := 0; time.Now().Unix() < until; i++ {
		line := fmt.Sprintf("# %s %d\n", filepath.Base(log), i)
		check(syscall.Flock(int(turn.Fd()), syscall.LOCK_EX))
		check(save(kind, path, line))
		check(syscall.Flock(int(turn.Fd()), syscall.LOCK_UN))
		_, err := saved.WriteString(line)
		check(err)
		time.Sleep(rand.N(8 * time.Millisecond))
	}
}

func save(kind, path, line string) error {
	if kind == "append" {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = file.WriteString(line)
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text = append(text, line...)
	if kind == "in-place" {
		return os.WriteFile(path, text, 0o600)
	}
	if err := os.WriteFile(path+"~", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+"~", path)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
}

// editTime returns 15 seconds, or ROLECALL_EDIT_TIME: ten minutes in make soak.
func editTime(t *testing.T) time.Duration {
	text := os.Getenv("ROLECALL_EDIT_TIME")
	if text == "" {
		return 15 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Several applies at once, while other programs append to the config file, replace it by rename, and rewrite it in
// place: all that they save stays, and so does all that stood there before.
func TestAppliesAndEditorsLoseNothing(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	w.signIn(t, "rolecall", "login", "corp")
	path, logs := filepath.Join(w.home, ".aws", "config"), t.TempDir()
	end := time.Now().Add(editTime(t))
	var all sync.WaitGroup
	for i, kind := range []string{"append", "append", "in-place", "rename"} {
		log := filepath.Join(logs, fmt.Sprintf("%s-%d", kind, i))
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), "saves", kind, path, log, strconv.FormatInt(end.Unix(), 10))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", kind, err, out)
			}
		})
	}
	var applied [2]int
	for i := range applied {
		all.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				r := w.run(t, "rolecall", "profiles", "apply", "corp", "--region", []string{"us-east-1", "eu-west-1"}[(i+n)%2])
				switch {
				case r.code == 0:
					applied[i]++
				case strings.Contains(r.stderr, "is being changed by another program"):
				case r.code == 6: // read while an editor had written none or half of it: rolecall's own writes are checked below
				default:
					t.Errorf("exit code %d: %s", r.code, r.stderr)
				}
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		there[line] = true
	}
	saved, lost := 0, 0
	names, err := filepath.Glob(filepath.Join(logs, "*-*"))
	if err != nil || len(names) != 4 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		lines, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(lines)) {
			saved++
			if !there[line] {
				lost++
				t.Errorf("lost: %s", line)
			}
		}
	}
	if !strings.HasPrefix(string(text), w.configText()) {
		t.Error("what stood there before is not there any more")
	}
	if left, _ := filepath.Glob(filepath.Join(w.home, ".aws", ".config.*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if applied[0]+applied[1] < 5 || saved < 100 {
		t.Errorf("only %d applies beside %d foreign writes: that proves little", applied, saved)
	}
	t.Logf("%d applies beside %d foreign writes", applied, saved)
	proof.Note(t, "editors", saved, saved-lost)
}
