package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	html "html/template"
	"os"
	"path/filepath"
	"strings"
)

// A view is what the theme shows of a page.
type view struct {
	Title, Short, Version, URL string
	Home                       bool
	Content                    html.HTML
	Menu                       []menuGroup
	Contents                   []entry // of the page
	Before, After              *entry
}

type menuGroup struct {
	Title   string
	Entries []entry
}

type entry struct {
	Title, URL string
	Current    bool
}

func template(folder string) (*html.Template, error) {
	text, err := os.ReadFile(filepath.Join(folder, "page.html"))
	if err != nil {
		return nil, err
	}
	return html.New("page").Parse(string(text))
}

// view returns what is shown of the page with a number.
func (s *site) view(n int) view {
	p := s.pages[n]
	v := view{
		Title: p.title, Short: p.short, Version: s.version, URL: p.url, Home: p.url == "index.html",
		Content: html.HTML(p.html), //nolint:gosec // made by convert, which escapes
	}
	for _, group := range groups() {
		g := menuGroup{Title: group}
		for _, other := range s.pages {
			if other.group == group {
				g.Entries = append(g.Entries, entry{other.title, other.url, other == p})
			}
		}
		v.Menu = append(v.Menu, g)
	}
	for _, h := range p.headings {
		if h.level == 2 {
			v.Contents = append(v.Contents, entry{Title: h.title, URL: "#" + h.id})
		}
	}
	if n > 0 {
		v.Before = &entry{Title: s.pages[n-1].title, URL: s.pages[n-1].url}
	}
	if n < len(s.pages)-1 {
		v.After = &entry{Title: s.pages[n+1].title, URL: s.pages[n+1].url}
	}
	return v
}

// index returns the script that search loads when somebody begins to type: each heading of each page with its words.
func (s *site) index() ([]byte, error) {
	type part struct {
		URL   string `json:"u"`
		Page  string `json:"p"`
		Title string `json:"t,omitempty"`
		Text  string `json:"x"`
	}
	var parts []part
	for _, p := range s.pages {
		for n, h := range p.headings {
			at := part{URL: p.url, Page: p.title, Text: strings.Join(strings.Fields(h.paragraphs), " ")}
			if n > 0 {
				at.URL, at.Title = p.url+"#"+h.id, h.title
			} else {
				at.Text = p.short + " " + at.Text
			}
			parts = append(parts, at)
		}
	}
	var b bytes.Buffer
	b.WriteString("searchIndex(")
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(parts); err != nil {
		return nil, fmt.Errorf("search index: %w", err)
	}
	b.WriteString(");\n")
	return b.Bytes(), nil
}
