//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The Windows programs, run by wine. docs/windows.md says what this cannot show.
func TestWindows(t *testing.T) {
	t.Parallel()
	w := startWine(t)
	t.Run("at once", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *wine){
			"cmd": windowsCmd, "exec": windowsExec, "credential_process": windowsCredentialProcess, "lines": windowsLines,
			"readers": windowsTenReaders, "writers": windowsTenWriters, "server": windowsServer, "units": windowsUnits,
			"stories": windowsStories,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, w)
			})
		}
	})
	left, err := filepath.Glob(filepath.Join(w.work, "prefix/drive_c/users/*/AppData/Local/Temp/rolecall-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// windowsPackages are the packages whose own tests run under wine: those with code for Windows. Of the others, "make
// unit" runs the tests on Windows itself. The second word is a test that wine, which shows links as files, cannot run.
var windowsPackages = map[string]string{
	"awsconfig":        "",
	"cache":            "",
	"filesystem":       "TestALinkIsNoLock",
	"idc/operator":     "",
	"idc/store/sqlite": "",
	"machine":          "",
	"process":          "",
	"profiles":         "",
	"terminal":         "",
}

// windowsUnits runs packages' own tests.
func windowsUnits(t *testing.T, w *wine) {
	args := []string{"-c", "-vet=off", "-o", w.bin + "/"}
	for name := range windowsPackages {
		args = append(args, "rolecall/internal/"+name)
	}
	build := compiling("test", args...)
	build.Env = append(build.Env, "GOOS=windows", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the tests for Windows: %v\n%s", err, out)
	}
	for name, skip := range windowsPackages {
		t.Run(name, func(t *testing.T) {
			arguments := []string{"-test.v", "-test.timeout", "10m"}
			if skip != "" {
				arguments = append(arguments, "-test.skip", "^("+skip+")$")
			}
			folder := filepath.Join(w.work, "source", name) // with the tests' data
			if err := os.CopyFS(folder, os.DirFS(filepath.Join("..", name))); err != nil {
				t.Fatal(err)
			}
			cmd := w.command(folder, []string{"HOME=" + w.work}, path.Base(name)+".test", arguments...)
			out, err := cmd.CombinedOutput()
			passed, skipped := bytes.Count(out, []byte("\n--- PASS")), bytes.Contains(out, []byte("--- SKIP"))
			if err != nil || passed == 0 || skipped {
				failed := regexp.MustCompile(`(?m)^(=== |\s*--- PASS).*\n`).ReplaceAll(out, nil)
				t.Errorf("%d passed, some skipped: %v, %v\n%s", passed, skipped, err, failed)
			}
		})
	}
}

// needsUnix is the line of a story that does not run with the Windows programs. Single lines of other stories that need
// Unix begin with [!wine].
var needsUnix = regexp.MustCompile(`(?m)^# needs Unix: \S+`)

// windowsStories runs the stories with the Windows programs, in place of the Linux ones.
func windowsStories(t *testing.T, w *wine) {
	all, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(all) < 40 {
		t.Fatalf("%d stories: %v", len(all), err)
	}
	var files []string
	for _, story := range all {
		text, err := os.ReadFile(story)
		if err != nil {
			t.Fatal(err)
		}
		if !needsUnix.Match(text) {
			files = append(files, story)
		}
	}
	names := filepath.Join(w.work, "names")
	if err := os.Mkdir(names, 0o700); err != nil {
		t.Fatal(err)
	}
	// The commands that start each program, without the race detector: with it they take longer than the program.
	build := compiling("test", "-c", "-vet=off", "-o", filepath.Join(names, "onwindows"), "rolecall/internal/e2e")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the stories' commands: %v\n%s", err, out)
	}
	for _, name := range []string{"signin", "at"} {
		if err := os.Link(filepath.Join(names, "onwindows"), filepath.Join(names, name)); err != nil {
			t.Fatal(err)
		}
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
