package main

import "rolecall/internal/tools/reference"

// settings writes the page of config.toml.
func (w *writer) settings() error {
	tables, err := reference.Settings(w.root)
	if err != nil {
		return err
	}
	text, err := w.source("config.md")
	if err != nil {
		return err
	}
	const name = "rolecall-config.toml"
	p := w.page(name, "5", "Settings of rolecall")
	p.head("SYNOPSIS")
	p.line(italic("~/.config/rolecall/config.toml"))
	p.head("DESCRIPTION")
	p.markdown(text)
	p.keys(tables)
	seeAlso(p, "rolecall(1)", "rolecall-config(1)", "rolecall-policy.toml(5)")
	w.save(name, "5", p)
	return nil
}

// policy writes the page of policy.toml.
func (w *writer) policy() error {
	tables, err := reference.Policy(w.root)
	if err != nil {
		return err
	}
	text, err := w.source("policy.md")
	if err != nil {
		return err
	}
	const name = "rolecall-policy.toml"
	p := w.page(name, "5", "Rules of a machine, guards and pins")
	p.head("SYNOPSIS")
	p.line(italic("/etc/rolecall/policy.toml"))
	p.head("DESCRIPTION")
	p.markdown(text)
	p.keys(tables)
	seeAlso(p, "rolecall(1)", "rolecall-config(1)", "rolecall-trust(1)", "rolecall-config.toml(5)")
	w.save(name, "5", p)
	return nil
}

// keys writes the keys of each table of a file.
func (p *page) keys(tables []reference.Table) {
	p.head("KEYS")
	for _, table := range tables {
		title := table.Head
		if title == "" {
			title = "Top level"
		}
		p.sub(title)
		if table.Head != "" {
			p.text(table.Text)
		}
		for _, key := range table.Keys {
			p.term(bold(key.Name)+" = "+italic(key.Form), key.Text)
		}
	}
}

// seed writes the page of the seed file.
func (w *writer) seed() error {
	text, err := w.source("seed.md")
	if err != nil {
		return err
	}
	const name = "rolecall-seed"
	p := w.page(name, "5", "Directory of the local Identity Center, as a file")
	p.head("DESCRIPTION")
	p.markdown(text)
	seeAlso(p, "rolecall(1)", "rolecall-idc(1)")
	w.save(name, "5", p)
	return nil
}
