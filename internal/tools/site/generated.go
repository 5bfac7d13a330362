package main

import (
	"fmt"
	"html"
	"strings"

	"rolecall/internal/tools/reference"
)

// generated returns the Markdown of a part that no one writes.
func (s *site) generated(name string) (string, error) {
	switch name {
	case "commands":
		var b strings.Builder
		for _, group := range append(s.commands.Groups, "") {
			for _, c := range s.commands.Commands {
				if c.Group == group {
					command(&b, c, 2)
				}
			}
		}
		return b.String(), nil
	case "options":
		return flags(s.commands.Flags), nil
	case "settings":
		tables, err := reference.Settings(s.root)
		return keys(tables), err
	case "policy":
		tables, err := reference.Policy(s.root)
		return keys(tables), err
	case "codes":
		codes, err := reference.ExitCodes(s.root)
		rows := [][]string{{"Code", "Meaning"}}
		for _, c := range codes {
			rows = append(rows, []string{code(c.Number), plain(c.Text)})
		}
		return table(rows), err
	case "variables":
		rows := [][]string{{"Variable", "Meaning"}}
		for _, v := range reference.Variables() {
			rows = append(rows, []string{codes(v.Name), plain(v.Text)})
		}
		return table(rows), nil
	case "files":
		rows := [][]string{{"File", "What is in it"}}
		for _, f := range reference.Files() {
			rows = append(rows, []string{codes(f.Path), plain(f.Text)})
		}
		return table(rows), nil
	}
	return "", fmt.Errorf("unknown directive {{%s}}", name)
}

// command writes a command and those below it.
func command(b *strings.Builder, c reference.Command, level int) {
	fmt.Fprintf(b, "%s %s\n\n", strings.Repeat("#", level), c.Path)
	for _, block := range c.Text {
		if block.Literal {
			fmt.Fprintf(b, "```text\n%s\n```\n\n", block.Text)
		} else {
			b.WriteString(plain(block.Text) + "\n\n")
		}
	}
	if len(c.Flags) > 0 || len(c.Commands) == 0 {
		fmt.Fprintf(b, "Usage: %s\n\n", code(strings.TrimSpace(c.Path+" "+c.Usage)))
	}
	b.WriteString(flags(c.Flags))
	for _, sub := range c.Commands {
		command(b, sub, min(level+1, 4))
	}
}

// flags writes a list in HTML: as tables, the options would take more than half of the page.
func flags(all []reference.Flag) string {
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<dl>\n")
	for _, f := range all {
		option := strings.TrimSpace("--" + f.Name + " " + f.Value)
		if f.Short != "" {
			option = "-" + f.Short + ", " + option
		}
		text := html.EscapeString(f.Usage)
		if f.Default != "" {
			text += " (default <code>" + html.EscapeString(f.Default) + "</code>)"
		}
		fmt.Fprintf(&b, "<dt><code>%s</code></dt><dd>%s</dd>\n", html.EscapeString(option), text)
	}
	return b.String() + "</dl>\n\n"
}

func keys(tables []reference.Table) string {
	var b strings.Builder
	for _, t := range tables {
		if t.Head != "" {
			fmt.Fprintf(&b, "### %s\n\n%s\n\n", code(t.Head), plain(t.Text))
		}
		rows := [][]string{{"Key", "Value", "Meaning"}}
		for _, k := range t.Keys {
			rows = append(rows, []string{code(k.Name), k.Form, plain(k.Text)})
		}
		b.WriteString(table(rows))
	}
	return b.String()
}

// table writes rows, the first of which are the headings.
func table(rows [][]string) string {
	var b strings.Builder
	for n, row := range rows {
		b.WriteString("|")
		for _, cell := range row {
			b.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`) + " |")
		}
		b.WriteString("\n")
		if n == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String() + "\n"
}

// escapes are the characters that mean something in Markdown.
var escapes = strings.NewReplacer(
	`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, ">", `\>`, "[", `\[`, "]", `\]`, "#", `\#`, "&", `\&`, "!",
	`\!`, "~", `\~`,
)

func plain(text string) string { return escapes.Replace(text) }

// code marks a text as code. None of ours has a backtick.
func code(text string) string { return "`" + text + "`" }

// codes marks each of several names.
func codes(names string) string { return code(strings.ReplaceAll(names, ", ", "`, `")) }
