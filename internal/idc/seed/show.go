package seed

import (
	"fmt"
	"strings"
)

// line shows a change to a person: ~ user dora: title none → Boss.
func (c Change) line() string {
	line := map[Op]string{Add: "+ ", Alter: "~ ", Remove: "- "}[c.Op] + c.Kind
	if c.Name != "" {
		line += " " + shown(c.Kind, c.Name)
	}
	if len(c.Fields) > 0 {
		line += ": " + strings.Join(c.Fields, ", ")
	}
	return line
}

// shown makes a name safe to print. An assignment's name is several words.
func shown(kind, name string) string {
	text := bare(name)
	if kind == kindAssignment || isDigits(name) {
		text = quote(name)
		text = text[1 : len(text)-1]
	}
	return short(text)
}

func isDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// String shows the plan to a person: a line for each change, their number, and what is kept. No name in it can affect a
// terminal.
func (p Plan) String() string {
	var b strings.Builder
	count := map[Op]int{}
	for _, c := range p.Changes {
		count[c.Op]++
		b.WriteString(c.line() + "\n")
	}
	fmt.Fprintf(&b, "%d to add, %d to change, %d to remove\n", count[Add], count[Alter], count[Remove])
	for _, line := range p.kept() {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// kept has a line for each kind.
func (p Plan) kept() []string {
	var kinds []string
	names := map[string][]string{}
	for _, t := range p.Kept {
		if names[t.Kind] == nil {
			kinds = append(kinds, t.Kind)
		}
		names[t.Kind] = append(names[t.Kind], shown(t.Kind, t.Name))
	}
	var lines []string
	for _, kind := range kinds {
		plural := "s"
		if len(names[kind]) == 1 {
			plural = ""
		}
		lines = append(lines,
			joinNames(fmt.Sprintf("not in the file, but kept: %d %s%s: ", len(names[kind]), kind, plural), names[kind]))
	}
	if len(lines) > 0 {
		lines = append(lines, "to remove them: --prune")
	}
	return lines
}

// shownNames bounds the names on a line.
const shownNames = 10

// joinNames puts names after a prefix. It returns "" without names.
func joinNames(beginning string, names []string) string {
	switch n := len(names); {
	case n == 0:
		return ""
	case n > shownNames:
		return fmt.Sprintf("%s%s and %d more", beginning, strings.Join(names[:shownNames], ", "), n-shownNames)
	}
	return beginning + strings.Join(names, ", ")
}
