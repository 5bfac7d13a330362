package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolecall/internal/tools/reference"
)

func write(t *testing.T, epoch string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "man")
	env := map[string]string{"VERSION": "v1.2.3", "SOURCE_DATE_EPOCH": epoch}
	if err := run([]string{dir}, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mandoc has nothing to say about any page.
func TestThePagesAreValid(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(write(t, "1764000000"), "*"))
	if err != nil || len(pages) < 30 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	out, err := exec.Command("mandoc", append([]string{"-T", "lint"}, pages...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
}

// shown returns what a reader sees of a page.
func shown(t *testing.T, path string) string {
	t.Helper()
	cmd := exec.Command("mandoc", "-T", "utf8", "-O", "width=200", path)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var b strings.Builder
	for n, c := range out { // bold is a letter printed twice over itself
		if c == '\b' || n+1 < len(out) && out[n+1] == '\b' {
			continue
		}
		b.WriteByte(c)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Each command, with each of its options and examples, is in its page.
func TestEveryCommandHasItsPage(t *testing.T) {
	dir := write(t, "1764000000")
	overview := shown(t, filepath.Join(dir, "rolecall.1"))
	found := 0
	for _, c := range reference.Root("v1.2.3").Commands {
		text := shown(t, filepath.Join(dir, c.ID()+".1"))
		if !strings.Contains(overview, c.ID()+"(1)") {
			t.Errorf("rolecall(1) does not list %s", c.Path)
		}
		for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO"} {
			if !strings.Contains(text, section) {
				t.Errorf("%s has no section %s", c.ID(), section)
			}
		}
		found += holds(t, c, text)
	}
	if found < 300 {
		t.Errorf("only %d options and examples were looked for", found)
	}
}

func holds(t *testing.T, c reference.Command, page string) (found int) {
	t.Helper()
	for _, f := range c.Flags {
		if !strings.Contains(page, strings.TrimSpace("--"+f.Name+" "+f.Value)) {
			t.Errorf("%s: --%s is not in the page", c.Path, f.Name)
		}
		found++
	}
	for _, b := range c.Text {
		if b.Literal {
			for line := range strings.SplitSeq(b.Text, "\n") {
				if !strings.Contains(page, strings.Join(strings.Fields(line), " ")) {
					t.Errorf("%s: %q is not in the page", c.Path, line)
				}
				found++
			}
		}
	}
	for _, sub := range c.Commands {
		found += holds(t, sub, page)
	}
	return found
}

// The same sources and date are the same bytes; the date is that of the release.
func TestReproducible(t *testing.T) {
	one, two := write(t, "1764000000"), write(t, "1764000000")
	pages, err := os.ReadDir(one)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		first, err := os.ReadFile(filepath.Join(one, page.Name()))
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(filepath.Join(two, page.Name()))
		if err != nil || string(first) != string(second) {
			t.Errorf("%s differs: %v", page.Name(), err)
		}
		if !strings.Contains(string(first), `"2025-11-24" "rolecall v1.2.3"`) {
			t.Errorf("%s has another date or version", page.Name())
		}
	}
	if err := run([]string{t.TempDir()}, func(string) string { return "yesterday" }); err == nil {
		t.Error("a date that is none was taken")
	}
}

// What roff would read as a request, an escape or the end of an argument is shown as it is written.
func TestHostileText(t *testing.T) {
	p := newPage("a-b", "1", `v"1`, time.Unix(0, 0))
	p.name("x", "y")
	p.head(`S "Q" \fB`)
	lines := []string{`.so /etc/passwd`, `'br`, `\*(AQ \n(.y`, `a\`, `"x" -- ~ ^ '`, "` …", `..`, `.`}
	for _, line := range lines {
		p.text(line)
		p.literal(line)
		p.term(bold(line), line)
	}
	path := filepath.Join(t.TempDir(), "x.1")
	if err := os.WriteFile(path, []byte(p.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mandoc", "-T", "lint", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
	text := shown(t, path)
	for _, line := range lines {
		if strings.Count(text, line) < 3 {
			t.Errorf("%q is not shown three times in %q", line, text)
		}
	}
}
