package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// check fails if a link of a page leads nowhere, if an anchor is there twice, or if a page asks somebody else for
// something.
func check(files map[string][]byte) error {
	ids := map[string][]string{}
	links := map[string][]string{}
	var problems []error
	for name, content := range files {
		if path.Ext(name) != ".html" {
			continue
		}
		document, err := html.Parse(bytes.NewReader(content))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for n := range document.Descendants() {
			for _, a := range n.Attr {
				switch {
				case a.Key == "id" && slices.Contains(ids[name], a.Val):
					problems = append(problems, fmt.Errorf("%s: the anchor #%s is there twice", name, a.Val))
				case a.Key == "id":
					ids[name] = append(ids[name], a.Val)
				case a.Key == "href" || a.Key == "src":
					links[name] = append(links[name], a.Val)
					if strings.Contains(a.Val, "//") && n.Data != "a" {
						problems = append(problems, fmt.Errorf("%s: asks %s for something", name, a.Val))
					}
				}
			}
		}
	}
	for name, targets := range links {
		for _, target := range targets {
			if err := resolves(files, ids, name, target); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// resolves returns an error if a link of a page to another file or anchor leads nowhere.
func resolves(files map[string][]byte, ids map[string][]string, page, link string) error {
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	if u.Scheme != "" || u.Host != "" {
		return nil
	}
	file := u.Path
	if file == "" {
		file = page
	}
	if _, found := files[file]; !found {
		return fmt.Errorf("%q leads nowhere: no such file", link)
	}
	if u.Fragment != "" && !slices.Contains(ids[file], u.Fragment) {
		return fmt.Errorf("%q leads nowhere: no such anchor", link)
	}
	return nil
}
