// Command site writes the site into a folder: static pages that ask nobody else for anything.
//
//	go run ./internal/tools/site DIR
//
// It reads site/pages, and the files of docs that they include. A link that leads nowhere is an error.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rolecall/internal/tools/reference"
)

func main() {
	if err := run(os.Args[1:], cmp.Or(os.Getenv("VERSION"), "dev")); err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
}

func run(args []string, version string) error {
	if len(args) != 1 {
		return errors.New("usage: site DIR")
	}
	root, err := reference.Checkout()
	if err != nil {
		return err
	}
	files, err := build(root, version)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(args[0], filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// build returns the files of the site by name.
func build(root, version string) (map[string][]byte, error) {
	s, err := load(root, version)
	if err != nil {
		return nil, err
	}
	theme, err := template(filepath.Join(root, "site/theme"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"site.css", "site.js", "icon.svg"} {
		if files[name], err = os.ReadFile(filepath.Join(root, "site/theme", name)); err != nil {
			return nil, err
		}
	}
	for _, p := range s.pages {
		if err := s.convert(p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.source, err)
		}
	}
	for n, p := range s.pages {
		var b bytes.Buffer
		if err := theme.Execute(&b, s.view(n)); err != nil {
			return nil, err
		}
		files[p.url] = b.Bytes()
	}
	for source, name := range s.pictures {
		if files[name], err = os.ReadFile(filepath.Join(root, filepath.FromSlash(source))); err != nil {
			return nil, err
		}
	}
	if files["search-index.js"], err = s.index(); err != nil {
		return nil, err
	}
	return files, check(files)
}
