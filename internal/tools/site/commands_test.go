package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/tools/reference"
)

// called matches a call of rolecall in code: in a span, or in a line of a block.
var (
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	codeBlock = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```")
	called    = regexp.MustCompile(`(?:^|[\s"'(=]|/bin/)rolecall(?:-process|\.exe)?((?: +[^\s|;&)"` + "`" + `]+)*)`)
)

// Each call of rolecall that a page shows, in text and in blocks that no test runs, too, names commands and options
// that there are.
func TestEachCallInThePagesExists(t *testing.T) {
	tree := reference.Root("v1")
	found := 0
	for _, pattern := range []string{"site/pages/*.md", "docs/*.md", "README.md", "SECURITY.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(file) == "troubleshooting.md" { // its first cells are messages
				text = regexp.MustCompile(`(?m)^\|[^|]*\|`).ReplaceAll(text, nil)
			}
			for _, code := range codeOf(string(text)) {
				for _, call := range called.FindAllStringSubmatch(code, -1) {
					found++
					if wrong := unknownWord(tree, strings.Fields(call[1])); wrong != "" {
						t.Errorf("%s: %q: there is no %s", filepath.Base(file), strings.TrimSpace(call[0]), wrong)
					}
				}
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d calls were found", found)
	}
}

// codeOf returns the spans of code in a text, and the lines of its blocks without messages of rolecall.
func codeOf(text string) []string {
	var all []string
	for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.SplitSeq(block[1], "\n") {
			line, _, _ = strings.Cut(line, " #")
			if !strings.Contains(line, "rolecall: ") {
				all = append(all, line)
			}
		}
	}
	for _, span := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		all = append(all, span[1])
	}
	return all
}

// unknownWord returns the first command or option that does not exist.
func unknownWord(tree reference.Command, args []string) string {
	at, general := tree, append(slices.Clone(tree.Flags), reference.Flag{Name: "help"}, reference.Flag{Name: "version"})
	for len(args) > 0 && len(at.Commands) > 0 {
		n := slices.IndexFunc(at.Commands, func(c reference.Command) bool { return c.Name() == args[0] })
		if n < 0 {
			if regexp.MustCompile(`^[a-z][a-z-]+$`).MatchString(args[0]) && args[0] != "help" {
				return "command " + args[0]
			}
			break
		}
		at, args = at.Commands[n], args[1:]
	}
	if at.Path == "rolecall" && len(args) > 0 && args[0] == "help" {
		return ""
	}
	for _, word := range args {
		name, isFlag := strings.CutPrefix(word, "--")
		if !isFlag {
			continue
		}
		name, _, _ = strings.Cut(strings.TrimRight(name, ".,:…]"), "=")
		if name == "" { // what follows is another command's
			return ""
		}
		known := func(f reference.Flag) bool { return f.Name == name }
		if !slices.ContainsFunc(at.Flags, known) && !slices.ContainsFunc(general, known) && at.Path != "rolecall" {
			return "option --" + name + " of " + at.Path
		}
	}
	return ""
}

func TestUnknownWord(t *testing.T) {
	tree := reference.Root("v1")
	for line, want := range map[string]string{
		"login corp --fresh": "", "exec dev -- ls --frobnicate": "", "": "", "idc serve --port=0": "", "TARGET": "",
		"frobnicate": "command frobnicate", "idc frob": "command frob", "login --frob": "option --frob of rolecall login",
		"env --json": "",
	} {
		if got := unknownWord(tree, strings.Fields(line)); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
