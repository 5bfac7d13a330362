package project_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rolecall/internal/project"
)

// put writes a file into a folder, and returns it as it is found.
func put(t *testing.T, dir, text string) project.File {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, project.Name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := project.In(dir)
	if err != nil || file.Problem != "" {
		t.Fatal(file, err)
	}
	return file
}

func aStore(t *testing.T) project.Store {
	t.Helper()
	return project.Store{Dir: filepath.Join(t.TempDir(), "state"), Now: time.Now}
}

// paths are those that were found, relative to a folder.
func paths(t *testing.T, root, dir, home string) string {
	t.Helper()
	var all []string
	for _, file := range project.Find(dir, home) {
		rest, err := filepath.Rel(root, file.Path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, filepath.ToSlash(filepath.Dir(rest)))
	}
	return fmt.Sprint(all)
}

// Files count from the working folder up to the home folder, and never in the folder above it.
func TestWhereFilesAreFound(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) string { return filepath.Join(root, filepath.FromSlash(path)) }
	for _, dir := range []string{"homes", "homes/me", "homes/me/p/sub", "homes/you", "srv/p"} {
		put(t, at(dir), "")
	}
	if err := os.MkdirAll(at("homes/me/p/sub/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	home := at("homes/me")
	for dir, want := range map[string]string{
		"homes/me/p/sub/deep": "[homes/me/p/sub homes/me]",
		"homes/me/p":          "[homes/me]",
		"homes/me":            "[homes/me]",
		"homes":               "[]",
		"homes/you":           "[homes/you]",
		"srv/p":               "[srv/p]",
		"nowhere":             "[]",
	} {
		if got := paths(t, root, at(dir), home); got != want {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
	if got := paths(t, root, at("srv/p"), ""); got != "[srv/p]" {
		t.Errorf("without a home: %s", got)
	}
	if got := project.Find("", home); len(got) > 0 {
		t.Errorf("without a folder: %v", got)
	}
}

// Trust is for a path and for bytes.
func TestTrust(t *testing.T) {
	s, dir, ctx := aStore(t), t.TempDir(), context.Background()
	one := put(t, filepath.Join(dir, "one"), "targets = ['a']\n")
	if got := s.State(one); got != project.Untrusted {
		t.Errorf("%s", got)
	}
	if err := s.Trust(ctx, one); err != nil || s.State(one) != project.Trusted {
		t.Errorf("%s, %v", s.State(one), err)
	}
	if copied := put(t, filepath.Join(dir, "two"), "targets = ['a']\n"); s.State(copied) != project.Untrusted {
		t.Errorf("a copy is %s", s.State(copied))
	}
	changed := put(t, filepath.Join(dir, "one"), "targets = ['a']\n\n")
	if got := s.State(changed); got != project.Changed {
		t.Errorf("a changed one is %s", got)
	}
	if err := s.Trust(ctx, changed); err != nil || s.State(changed) != project.Trusted || s.State(one) != project.Changed {
		t.Errorf("trusted anew: %s, %v", s.State(changed), err)
	}
	if _, found, err := s.Revoke(ctx, filepath.Join(dir, "one")); !found || err != nil || len(s.List()) != 0 {
		t.Errorf("%v, %v, %v", found, err, s.List())
	}
	if err := (project.Store{Now: time.Now}).Trust(ctx, one); err == nil {
		t.Error("without a folder it remembers something")
	}
	if err := s.Trust(ctx, project.File{Path: one.Path, Problem: "it is a link"}); err == nil || len(s.List()) != 0 {
		t.Error("what cannot count was trusted")
	}
}

// A file that is exchanged after it was read is not the one that was trusted.
func TestTrustIsForWhatWasRead(t *testing.T) {
	s, dir := aStore(t), filepath.Join(t.TempDir(), "p")
	seen := put(t, dir, "targets = ['a']\n")
	now := put(t, dir, "targets = ['*']\n")
	if err := s.Trust(context.Background(), seen); err != nil || s.State(now) != project.Changed {
		t.Errorf("%s, %v", s.State(now), err)
	}
}

// Processes that trust at once lose nothing of each other.
func TestManyTrustAtOnce(t *testing.T) {
	s, dir := aStore(t), t.TempDir()
	var all sync.WaitGroup
	for n := range 40 {
		file := put(t, filepath.Join(dir, fmt.Sprint(n)), fmt.Sprintf("default = '%d'\n", n))
		all.Go(func() {
			if err := s.Trust(context.Background(), file); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(s.List()); got != 40 {
		t.Errorf("%d of 40 are trusted", got)
	}
}

// A list that is damaged, or somebody's link, trusts nothing.
func TestADamagedList(t *testing.T) {
	for _, text := range []string{"", "{", "null", `{"path": 1}`, `[{"path": 1}]`, "[]"} {
		s := aStore(t)
		file := put(t, filepath.Join(t.TempDir(), "p"), "")
		if err := s.Trust(context.Background(), file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "trusted.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := s.State(file); got != project.Untrusted {
			t.Errorf("%q: %s", text, got)
		}
		if err := s.Trust(context.Background(), file); err != nil || s.State(file) != project.Trusted {
			t.Errorf("%q: %s, %v", text, s.State(file), err)
		}
	}
}
