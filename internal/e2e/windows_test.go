//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The Windows programs, run by wine. docs/windows.md says what this cannot show.
func TestWindows(t *testing.T) {
	t.Parallel()
	w := startWine(t)
	t.Run("stories", func(t *testing.T) { windowsStories(t, w) })
}

// needsUnix is the line of a story that does not run with the Windows programs. Single lines of other stories that need
// Unix begin with [!wine].
var needsUnix = regexp.MustCompile(`(?m)^# needs Unix: \S+`)

// windowsStories runs the stories with the Windows programs, in place of Linux' own.
func windowsStories(t *testing.T, w *wine) {
	all, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(all) < 40 {
		t.Fatalf("%d stories: %v", len(all), err)
	}
	var files []string
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !needsUnix.Match(text) {
			files = append(files, path)
		}
	}
	names := filepath.Join(w.work, "names")
	if err := os.Mkdir(names, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rolecall", "rolecall-process"} {
		script := fmt.Sprintf("#!/bin/sh\nexec onwindows %s \"$@\"\n", name)
		if err := os.WriteFile(filepath.Join(names, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	stories := filepath.Join(w.work, "stories")
	if err := os.Mkdir(stories, 0o700); err != nil {
		t.Fatal(err)
	}
	params := storyParams()
	params.Dir, params.Files, params.WorkdirRoot = "", files, stories
	runStories(t, params, append(w.environ(), "BIN="+w.bin,
		"PATH="+strings.Join([]string{names, os.Getenv("PATH")}, string(os.PathListSeparator))))
}
