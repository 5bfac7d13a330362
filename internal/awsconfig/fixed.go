package awsconfig

import (
	"slices"
	"strings"
)

// Fixed returns the file without what no reader needs and some refuse: its byte order mark, and a line that repeats
// the one key = value above it in its section. Nothing is lost by that.
func (d *Document) Fixed() ([]byte, error) {
	edit := d.Edit()
	for _, s := range slices.Concat(d.defaults, d.sections) {
		for _, line := range d.repeated(s) {
			edit.Remove(line.Start, line.End)
		}
	}
	data, err := edit.Bytes()
	if err != nil {
		return nil, err
	}
	return data[d.body:], nil
}

// Repeated returns the numbers of the lines that repeat another one of their section, and can go.
func (d *Document) Repeated() map[int]bool {
	numbers := map[int]bool{}
	for _, s := range slices.Concat(d.defaults, d.sections) {
		for _, line := range d.repeated(s) {
			numbers[line.Number] = true
		}
	}
	return numbers
}

// repeated returns the lines of a section that can go. A key with lines below it stays, and so does one with another
// value anywhere: tools differ in which of them counts.
func (d *Document) repeated(s Section) []Line {
	byKey := map[string][]Line{}
	whole := map[string]bool{} // keys of which a value goes on below
	last := ""
	for _, l := range d.Lines(s) {
		switch {
		case l.Continues:
			whole[last] = true
		case l.Key != "":
			last = l.Key
			byKey[l.Key] = append(byKey[l.Key], l)
		}
	}
	var all []Line
	for key, lines := range byKey {
		differs := slices.ContainsFunc(lines, func(l Line) bool { return l.Text != lines[0].Text })
		if !whole[key] && !differs && lines[0].Value != "" {
			all = append(all, lines[1:]...)
		}
	}
	slices.SortFunc(all, func(a, b Line) int { return a.Start - b.Start })
	return all
}

// Masked returns a line of a file, without the secret that may be in it.
func Masked(line string) string {
	if key, _, separator := splitLine(line); isSecretKey(key) && (separator != 0 || !strings.HasPrefix(key, "[")) {
		if separator == 0 {
			key = firstOf(key)
		}
		return key + " = " + hidden
	}
	return line
}
