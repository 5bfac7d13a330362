package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolecall/internal/tools/reference"
)

// A writer makes the pages of one version.
type writer struct {
	root, version string
	date          time.Time
	codes         []reference.Code
	general       []reference.Flag // of every command
	pages         map[string]string
}

// manual returns all pages by file name. Root is the folder of the checkout.
func manual(root, version string, date time.Time) (map[string]string, error) {
	codes, err := reference.ExitCodes(root)
	if err != nil {
		return nil, err
	}
	tree := reference.Root(version)
	w := &writer{root, version, date, codes, tree.Flags, map[string]string{}}
	w.overview(tree)
	for _, c := range tree.Commands {
		if c.Name() == "process" {
			w.process(c)
		} else {
			w.command(c)
		}
	}
	if err := w.settings(); err != nil {
		return nil, err
	}
	if err := w.policy(); err != nil {
		return nil, err
	}
	return w.pages, w.seed()
}

func (w *writer) page(name, section, short string) *page {
	p := newPage(name, section, w.version, w.date)
	p.name(name, short)
	return p
}

func (w *writer) save(name, section string, p *page) { w.pages[name+"."+section] = p.String() }

func (w *writer) overview(tree reference.Command) {
	p := w.page("rolecall", "1", tree.Short)
	p.head("SYNOPSIS")
	p.line(bold("rolecall") + " " + italic("COMMAND") + " [" + italic("ARGUMENT") + " ...]")
	p.head("DESCRIPTION")
	p.blocks(withoutCodes(tree.Text))
	p.head("COMMANDS")
	for _, group := range append(tree.Groups, "") {
		p.sub(cmp.Or(group, "Others"))
		for _, c := range tree.Commands {
			if c.Group == group {
				p.term(bold(c.ID())+"(1)", c.Short+".")
			}
		}
	}
	p.head("OPTIONS")
	p.flags(tree.Flags)
	w.exitStatus(p, reference.Command{})
	p.text("exec, demo and idc run exit with the exit code of their command.")
	p.environment(reference.Variables())
	p.files(reference.Files())
	seeAlso(p, "rolecall-process(1)", "rolecall-config.toml(5)", "rolecall-policy.toml(5)", "rolecall-seed(5)", "aws(1)")
	w.save("rolecall", "1", p)
}

// withoutCodes leaves out the exit codes of a help text: the pages have a section for them.
func withoutCodes(blocks []reference.Block) []reference.Block {
	n := slices.IndexFunc(blocks, func(b reference.Block) bool { return strings.HasPrefix(b.Text, "Exit codes:") })
	if n < 0 {
		return blocks
	}
	return blocks[:n]
}

func (w *writer) command(c reference.Command) {
	p := w.page(c.ID(), "1", c.Short)
	p.head("SYNOPSIS")
	synopsis(p, c)
	p.head("DESCRIPTION")
	p.blocks(withoutCodes(c.Text))
	if len(c.Flags) > 0 {
		p.head("OPTIONS")
		p.flags(c.Flags)
		p.text("The options of all commands are in rolecall(1).")
	}
	if len(c.Commands) > 0 {
		p.head("COMMANDS")
		for _, sub := range c.Commands {
			w.sub(p, sub)
		}
	}
	w.exitStatus(p, c)
	w.mentioned(p, c)
	seeAlso(p, related(c)...)
	w.save(c.ID(), "1", p)
}

// synopsis writes how a command is called, or else the commands below it.
func synopsis(p *page, c reference.Command) {
	for n, call := range calls(c) {
		if n > 0 {
			p.WriteString(".br\n")
		}
		p.line(call)
	}
}

// calls returns the ways to call a command, or those below it.
func calls(c reference.Command) []string {
	if len(c.Commands) == 0 || c.Usage != "" || len(c.Flags) > 0 {
		return []string{call(c.Path, c)}
	}
	var all []string
	for _, sub := range c.Commands {
		all = append(all, calls(sub)...)
	}
	return all
}

// call returns the command line of a command; path is what it begins with.
func call(path string, c reference.Command) string {
	line := bold(path)
	if len(c.Flags) > 0 {
		line += " [" + italic("OPTION") + " ...]"
	}
	if c.Usage != "" {
		line += " " + escape(c.Usage)
	}
	return line
}

func (w *writer) sub(p *page, c reference.Command) {
	p.sub(c.Path)
	synopsis(p, c)
	p.blocks(c.Text)
	p.flags(c.Flags)
	for _, sub := range c.Commands {
		w.sub(p, sub)
	}
}

// process writes the page of the second program, which is also that of the command: their options are the same.
func (w *writer) process(c reference.Command) {
	p := w.page("rolecall-process", "1", c.Short)
	p.head("SYNOPSIS")
	p.line(call("rolecall process", c))
	p.WriteString(".br\n")
	p.line(call("rolecall-process", c))
	p.head("DESCRIPTION")
	p.blocks(c.Text)
	p.text("The program rolecall-process answers from the cache of role credentials, in a millisecond or two, and " +
		"leaves everything else to \"rolecall process\", which it runs in its place: the rolecall in its own folder, not " +
		"one in PATH.")
	p.head("OPTIONS")
	p.flags(c.Flags)
	p.text("The options of all commands are in rolecall(1).")
	w.exitStatus(p, c)
	seeAlso(p, "rolecall(1)", "rolecall-exec(1)", "rolecall-config.toml(5)")
	w.save("rolecall-process", "1", p)
}

func (w *writer) exitStatus(p *page, c reference.Command) {
	p.head("EXIT STATUS")
	for _, code := range w.codes {
		p.term(bold(code.Number), code.Text)
	}
	n := slices.IndexFunc(c.Text, func(b reference.Block) bool { return strings.HasPrefix(b.Text, "Exit codes:") })
	if n >= 0 {
		p.text("Of this command:")
		p.blocks(c.Text[n+1:])
	}
}

// mentioned writes the variables and files that the page's text names.
func (w *writer) mentioned(p *page, c reference.Command) {
	text := allText(c)
	var variables []reference.Variable
	for _, v := range reference.Variables() {
		for name := range strings.SplitSeq(v.Name, ", ") {
			if !strings.Contains(name, "_") {
				name = "$" + name // SHELL alone is what a flag takes
			}
			if strings.Contains(text, name) {
				variables = append(variables, v)
				break
			}
		}
	}
	p.environment(variables)
	var files []reference.File
	for _, f := range reference.Files() {
		for path := range strings.SplitSeq(f.Path, ", ") {
			if strings.Contains(text, path) || strings.Contains(text, filepath.Base(path)) && strings.Contains(path, ".toml") {
				files = append(files, f)
				break
			}
		}
	}
	p.files(files)
}

func (p *page) environment(variables []reference.Variable) {
	if len(variables) > 0 {
		p.head("ENVIRONMENT")
	}
	for _, v := range variables {
		p.term(bold(v.Name), v.Text)
	}
}

func (p *page) files(files []reference.File) {
	if len(files) > 0 {
		p.head("FILES")
	}
	for _, f := range files {
		p.term(italic(f.Path), f.Text)
	}
}

// allText is what is said about a command and those below it.
func allText(c reference.Command) string {
	var b strings.Builder
	for _, block := range c.Text {
		b.WriteString(block.Text + "\n")
	}
	for _, f := range c.Flags {
		b.WriteString(f.Usage + "\n")
	}
	for _, sub := range c.Commands {
		b.WriteString(allText(sub))
	}
	return b.String()
}

// related returns the pages to read next: the overview, and what the text points to.
func related(c reference.Command) []string {
	pages := []string{"rolecall(1)"}
	text := allText(c)
	for _, other := range []string{
		"configure", "doctor", "env", "exec", "import", "login", "ls", "process", "profiles", "serve", "shell-init",
		"storage", "sync", "trust", "write",
	} {
		if "rolecall "+other != c.Path && strings.Contains(text, "rolecall "+other) {
			pages = append(pages, "rolecall-"+other+"(1)")
		}
	}
	if strings.Contains(text, "config.toml") {
		pages = append(pages, "rolecall-config.toml(5)")
	}
	if c.Name() == "idc" {
		pages = append(pages, "rolecall-seed(5)")
	}
	if c.Name() == "config" || c.Name() == "trust" {
		pages = append(pages, "rolecall-policy.toml(5)")
	}
	return pages
}

func seeAlso(p *page, pages ...string) {
	p.head("SEE ALSO")
	for n, page := range pages {
		name, section, _ := strings.Cut(page, "(")
		comma := ","
		if n == len(pages)-1 {
			comma = ""
		}
		p.line(bold(name) + "(" + section + comma)
	}
}

// source reads a page of docs.
func (w *writer) source(name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(w.root, "docs", name))
	if err != nil {
		return nil, fmt.Errorf("the manual is made from docs: %w", err)
	}
	return text, nil
}
