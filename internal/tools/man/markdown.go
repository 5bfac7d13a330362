package main

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// markdown writes a page of docs without its title: headings become sections, a table a list of its rows.
func (p *page) markdown(source []byte) {
	parser := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	document := parser.Parse(text.NewReader(source))
	for n := document.FirstChild(); n != nil; n = n.NextSibling() {
		p.node(n, source)
	}
}

func (p *page) node(n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Heading:
		switch n.Level {
		case 1:
		case 2:
			p.head(strings.ToUpper(plain(n, source)))
		default:
			p.sub(plain(n, source))
		}
	case *ast.FencedCodeBlock:
		p.literal(string(n.Lines().Value(source)))
	case *ast.CodeBlock:
		p.literal(string(n.Lines().Value(source)))
	case *ast.List:
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			p.WriteString(".IP \\(bu 2\n")
			p.fill(plain(item, source))
		}
	case *tables.Table:
		p.rows(n, source)
	default:
		p.text(decision.ReplaceAllString(plain(n, source), ""))
	}
}

// decision matches a sentence that leads to a page of docs/decisions.
var decision = regexp.MustCompile(` ?For the reasons, see decision [0-9]+\.`)

// rows writes each row of a table: its first cell is the term, and the others are named by their columns if there are
// several.
func (p *page) rows(table *tables.Table, source []byte) {
	var columns []string
	for cell := table.FirstChild().FirstChild(); cell != nil; cell = cell.NextSibling() {
		columns = append(columns, plain(cell, source))
	}
	for row := table.FirstChild().NextSibling(); row != nil; row = row.NextSibling() {
		term, texts, column := "", []string{}, 0
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			switch value := plain(cell, source); {
			case column == 0:
				term = value
			case value == "":
			case len(columns) > 2 && columns[column] != "":
				texts = append(texts, columns[column]+": "+value)
			default:
				texts = append(texts, value)
			}
			column++
		}
		p.term(bold(term), strings.Join(texts, "; ")+".")
	}
}

// plain returns the words of a node. What is code stays as it is, and a link is its text.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		switch child := child.(type) {
		case *ast.Text:
			b.Write(child.Value(source))
			if child.SoftLineBreak() || child.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(child.Value)
		default:
			b.WriteString(plain(child, source))
			if child.Type() == ast.TypeBlock && child.NextSibling() != nil {
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}
