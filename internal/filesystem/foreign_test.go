//go:build linux

package filesystem

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A foreignEditor saves a file in its own way, with a line more.
type foreignEditor func(path, line string) error

func appending(path, line string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(line)
	return err
}

func inPlace(path, line string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, line...), 0o600)
}

func renaming(path, line string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+"~", append(text, line...), 0o600); err != nil {
		return err
	}
	return os.Rename(path+"~", path)
}

// Other programs write the file all the time while we edit it: whatever they do, nothing of theirs is lost. Among
// themselves editors take turns, as each would overwrite the other's text; programs that only append do not.
func TestForeignEditorsLoseNothing(t *testing.T) {
	for name, editors := range map[string][]foreignEditor{
		"append": {appending, appending, appending}, "in place": {inPlace}, "rename": {renaming},
		"all": {appending, inPlace, renaming},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, path := editor(t), shared(t, "# begin\n", 0o600)
			var turn, counting sync.Mutex
			var all sync.WaitGroup
			written, stop := []string{}, make(chan struct{})
			for n, save := range editors {
				all.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						case <-time.After(time.Duration(i%7) * time.Millisecond):
						}
						if name == "all" {
							turn.Lock()
						}
						line := fmt.Sprintf("# note %d of %d\n", i, n)
						if err := save(path, line); err != nil {
							t.Error(err)
						}
						counting.Lock()
						written = append(written, line)
						counting.Unlock()
						if name == "all" {
							turn.Unlock()
						}
					}
				})
			}
			edits := editUntil(t, e, path, time.Now().Add(3*time.Second))
			close(stop)
			all.Wait()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range written {
				if !bytes.Contains(text, []byte(line)) {
					t.Errorf("lost: %s", line)
				}
			}
			if edits == 0 {
				t.Error("there was no edit")
			}
			t.Logf("%d foreign writes, %d edits", len(written), edits)
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A program renames its file into the place between our last look and the swap. What it wrote is not missing to those
// who read meanwhile, and save what they read with a line more.
func TestWhatComesBetweenTheLastLookAndTheSwap(t *testing.T) {
	slowly := func(save func(path string, text []byte) error) foreignEditor {
		return func(path, line string) error {
			text, err := os.ReadFile(path)
			time.Sleep(60 * time.Millisecond) // until the exchange is undone
			return errors.Join(err, save(path, append(text, line...)))
		}
	}
	for name, save := range map[string]foreignEditor{
		"in place": inPlace, "rename": renaming, "append": appending,
		"slowly in place": slowly(func(path string, text []byte) error { return os.WriteFile(path, text, 0o600) }),
		"slowly by rename": slowly(func(path string, text []byte) error {
			return errors.Join(os.WriteFile(path+"~", text, 0o600), os.Rename(path+"~", path))
		}),
	} {
		path := shared(t, "# begin\n", 0o600)
		saved := make(chan error, 1)
		files := Files{Fault: func(step, _ string) error {
			switch step {
			case "swap":
				return renaming(path, "# first\n")
			case "swapped":
				go func() { saved <- save(path, "# second\n") }()
				time.Sleep(20 * time.Millisecond) // so long it reads, or waits for that
			}
			return nil
		}}
		if _, err := files.Replace(readShared(t, path), []byte("# ours\n")); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
		if err := <-saved; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text, _ := os.ReadFile(path); string(text) != "# begin\n# first\n# second\n" {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// A program opens the old file to append while another one renames its file over ours: both are kept.
func TestARenameWhileSomebodyWaitsToAppend(t *testing.T) {
	path := shared(t, "# begin\n", 0o600)
	saved := make(chan error, 1)
	files := Files{Fault: func(step, _ string) error {
		switch step {
		case "swap":
			go func() { saved <- appending(path, "# second\n") }() // waits for the guard
			time.Sleep(20 * time.Millisecond)
		case "swapped":
			return errors.Join(os.WriteFile(path+"~", []byte("# begin\n# first\n"), 0o600), os.Rename(path+"~", path))
		}
		return nil
	}}
	if _, err := files.Replace(readShared(t, path), []byte("# ours\n")); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	if err := <-saved; err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "# begin\n# first\n# second\n" {
		t.Errorf("%q", text)
	}
}

// editUntil changes the first line of the file again and again, and returns how often that worked.
func editUntil(t *testing.T, e Editor, path string, end time.Time) (edits int) {
	t.Helper()
	for i := 0; time.Now().Before(end); i++ {
		_, err := e.Edit(t.Context(), path, func(s Shared) ([]byte, error) {
			_, rest, _ := bytes.Cut(s.Data, []byte("\n"))
			return append(fmt.Appendf(nil, "# ours %d\n", i), rest...), nil
		})
		if err == nil {
			edits++
		}
	}
	return edits
}

// The same for a file that cannot be replaced, and is written in place.
func TestWritingInPlaceLosesNothing(t *testing.T) {
	path := shared(t, "# begin\n", 0o600)
	var all sync.WaitGroup
	stop, written := make(chan struct{}), make([]int, 3)
	for n := range written {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(written[n]%5) * time.Millisecond):
				}
				if err := appending(path, fmt.Sprintf("# note %d of %d\n", written[n], n)); err != nil {
					t.Error(err)
				}
				written[n]++
			}
		})
	}
	edits := 0
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		s := readShared(t, path)
		_, rest, _ := bytes.Cut(s.Data, []byte("\n"))
		if (Files{}).overwrite(s, append(fmt.Appendf(nil, "# ours %d\n", edits), rest...)) == nil {
			edits++
		}
	}
	close(stop)
	all.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n, last := range written {
		for i := range last {
			if line := fmt.Sprintf("# note %d of %d\n", i, n); !bytes.Contains(text, []byte(line)) {
				t.Errorf("lost: %s", line)
			}
		}
	}
	if edits == 0 {
		t.Error("there was no edit")
	}
	t.Logf("%d foreign writes, %d edits", written, edits)
}
