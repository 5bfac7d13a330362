package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rolecall/internal/tools/reference"
)

// most is how many pages the site may have: a reader finds nothing among more.
const most = 25

// A site is all pages, in the order of the menu.
type site struct {
	root, version string
	pages         []*page
	targets       map[string]string // address of a file of the repository that a page shows
	titles        map[string]string // what is at that address
	pictures      map[string]string // files of the repository → names on the site
	commands      reference.Command
}

// A page is a file of site/pages.
type page struct {
	source, url               string
	title, short, group, text string // text is the Markdown below the head
	order                     int
	chunks                    []chunk
	html                      string
	headings                  []heading
}

// A chunk is Markdown from one file, which its links are relative to.
type chunk struct {
	source string // a file of the repository
	text   []byte
	// generated text may hold HTML.
	generated bool
}

// groups are the parts of the menu.
func groups() []string {
	return []string{"Start", "How to", "When something fails", "Reference", "About"}
}

func load(root, version string) (*site, error) {
	s := &site{
		root: root, version: version, targets: map[string]string{}, titles: map[string]string{},
		pictures: map[string]string{},
		commands: reference.Root(version),
	}
	sources, err := filepath.Glob(filepath.Join(root, "site/pages/*.md"))
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 || len(sources) > most {
		return nil, fmt.Errorf("site/pages has %d pages, not 1 to %d", len(sources), most)
	}
	for _, file := range sources {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(file)
		p := &page{source: "site/pages/" + name, url: strings.TrimSuffix(name, ".md") + ".html"}
		if err := p.read(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", p.source, err)
		}
		s.pages = append(s.pages, p)
		s.targets[p.source] = p.url
	}
	slices.SortFunc(s.pages, func(a, b *page) int {
		if a.group != b.group {
			return slices.Index(groups(), a.group) - slices.Index(groups(), b.group)
		}
		return a.order - b.order
	})
	for _, p := range s.pages {
		if err := s.expand(p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.source, err)
		}
	}
	return s, nil
}

// read splits a page into its head, lines of "key: value" between lines of dashes, and its text.
func (p *page) read(text string) error {
	head, body, found := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
	if !found {
		return fmt.Errorf("the head is missing")
	}
	p.text = body
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "title":
			p.title = value
		case "short":
			p.short = value
		case "group":
			p.group = value
		case "order":
			n, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			p.order = n
		default:
			return fmt.Errorf("unknown key %q in the head", key)
		}
	}
	if p.title == "" || p.short == "" || !slices.Contains(groups(), p.group) {
		return fmt.Errorf("title, short or a known group is missing")
	}
	return nil
}

// directive matches a line that stands for other text.
var directive = regexp.MustCompile(`(?m)^\{\{(\w+)(?: ([^}]+))?\}\}\n`)

// expand replaces the directives of a page: "include FILE" is the text of a file without its title, "section FILE" the
// same as a section with its title, and the others are generated.
func (s *site) expand(p *page) error {
	rest := p.text
	add := func(source, text string) {
		if strings.TrimSpace(text) != "" {
			p.chunks = append(p.chunks, chunk{source: source, text: []byte(text)})
		}
	}
	for {
		at := directive.FindStringSubmatchIndex(rest)
		if at == nil {
			add(p.source, rest)
			return nil
		}
		add(p.source, rest[:at[0]])
		name, file := rest[at[2]:at[3]], ""
		if at[4] >= 0 {
			file = rest[at[4]:at[5]]
		}
		rest = rest[at[1]:]
		text, err := s.directive(name, file)
		if err != nil {
			return err
		}
		switch name {
		case "include":
			s.targets[file], s.titles[p.url] = p.url, p.title
			add(file, text)
		case "section":
			title, _, _ := strings.Cut(strings.TrimPrefix(text, "## "), "\n")
			s.targets[file] = p.url + "#" + slug(title)
			s.titles[s.targets[file]] = title
			add(file, text)
		default:
			p.chunks = append(p.chunks, chunk{p.source, []byte(text), true})
		}
	}
}

func (s *site) directive(name, file string) (string, error) {
	switch name {
	case "include", "section":
		text, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(file)))
		if err != nil {
			return "", err
		}
		if name == "section" {
			return deeper(string(text)), nil
		}
		_, body, _ := strings.Cut(string(text), "\n")
		return body, nil
	}
	return s.generated(name)
}

// deeper makes each heading of a text one level lower, outside of code.
func deeper(text string) string {
	code := false
	lines := strings.SplitAfter(text, "\n")
	for n, line := range lines {
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		if !code && strings.HasPrefix(line, "#") {
			lines[n] = "#" + line
		}
	}
	return strings.Join(lines, "")
}

// resolve returns where a link of a source leads on the site. Without a page that shows its target, the second result
// is false. Addresses elsewhere stay as they are.
func (s *site) resolve(source, link string) (string, bool) {
	if link == "" || strings.HasPrefix(link, "#") || strings.HasPrefix(link, "https://") {
		return link, true
	}
	file, fragment, _ := strings.Cut(link, "#")
	target, found := s.targets[path.Join(path.Dir(source), file)]
	if !found {
		return "", false
	}
	if fragment != "" {
		target, _, _ = strings.Cut(target, "#")
		target += "#" + fragment
	}
	return target, true
}

// slug is the anchor of a heading: its letters and digits in lower case, words joined by dashes.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r > 127:
			b.WriteRune(r)
		case r == ' ', r == '-':
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}
