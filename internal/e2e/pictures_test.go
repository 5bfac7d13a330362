//go:build linux

package e2e

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hinshun/vt10x"
)

// "make pictures" writes docs/pictures from what these tests and TestHowThePagesLook see. In any other run the pictures
// are made and checked all the same, and thrown away.

// pictures is the folder of the pictures in the docs.
const pictures = "../../docs/pictures"

// pagePictures are the screenshots of pages that the docs show.
var pagePictures = map[string]string{
	"portal-wide-light": "portal.png", "keys-wide-light": "access-keys.png",
	"consent-device-wide-light": "consent.png", "admin-user-wide-light": "admin.png",
}

// keepPicture writes a picture for the docs.
func keepPicture(t *testing.T, name string, picture []byte) {
	t.Helper()
	if os.Getenv("ROLECALL_PICTURES") == "" {
		if _, err := os.Stat(filepath.Join(pictures, name)); err != nil {
			t.Errorf("%v: make pictures", err)
		}
		return
	}
	if err := os.WriteFile(filepath.Join(pictures, name), picture, 0o644); err != nil { //nolint:gosec // it is published
		t.Error(err)
	}
}

// The cells of a picture, in its own units, and its colours: the first sixteen of a terminal, its text and background.
const (
	cellWidth, cellHeight = 9, 20
	ink, paper            = "#d7dae0", "#1b1f27"
)

var palette = [16]string{
	"#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf",
	"#7f848e", "#ef8a93", "#b5e08f", "#f0d399", "#82c4ff", "#d994ee", "#76d3df", "#ffffff",
}

// vt10x keeps these attributes of a cell under names of its own.
const reversedCell, underlinedCell, boldCell = 1 << 0, 1 << 1, 1 << 2

// picture draws the screen's lines, up to the last one that has text, as SVG. what says what is to be seen.
func (s *screen) picture(what string, hide *regexp.Regexp) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	columns, _ := s.vt.Size()
	lines := s.lines()
	if lines[0] == "the line before" {
		lines = lines[1:]
	}
	from, rows := len(s.lines())-len(lines), len(lines)
	for rows > 0 && lines[rows-1] == "" {
		rows--
	}
	var svg strings.Builder
	width, height := columns*cellWidth+2*cellHeight, rows*cellHeight+2*cellHeight
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img"
 font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="15" fill="%s">
<title>%s</title>
<rect width="100%%" height="100%%" rx="8" fill="%s"/>
`, width, height, width, height, ink, escaped(what), paper)
	for y := range rows {
		for x := 0; x < columns; {
			cell := s.vt.Cell(x, from+y)
			start, text := x, ""
			for ; x < columns; x++ {
				next := s.vt.Cell(x, from+y)
				if next.FG != cell.FG || next.BG != cell.BG || next.Mode != cell.Mode {
					break
				}
				text += string(max(next.Char, ' '))
			}
			svg.WriteString(cells(cell, start, y, text, hide))
		}
	}
	svg.WriteString("</svg>\n")
	return svg.String()
}

// cells returns the SVG of cells that look the same.
func cells(cell vt10x.Glyph, x, y int, text string, hide *regexp.Regexp) string {
	left, top, width := cellHeight+x*cellWidth, cellHeight+y*cellHeight, len([]rune(text))*cellWidth
	svg := ""
	if back := colour(cell.BG); back != paper {
		svg = fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", left, top, width, cellHeight, back)
	}
	if strings.TrimSpace(text) == "" {
		return svg
	}
	if hide != nil {
		text = hide.ReplaceAllStringFunc(text, func(found string) string { return strings.Repeat("•", len(found)) })
	}
	style := ""
	if front := colour(cell.FG); front != ink {
		style += ` fill="` + front + `"`
	}
	if cell.Mode&boldCell != 0 {
		style += ` font-weight="bold"`
	}
	if cell.Mode&underlinedCell != 0 {
		style += ` text-decoration="underline"`
	}
	return svg + fmt.Sprintf(`<text x="%d" y="%d" textLength="%d" xml:space="preserve"%s>%s</text>`+"\n",
		left, top+15, width, style, escaped(text))
}

func colour(c vt10x.Color) string {
	switch {
	case c == vt10x.DefaultFG:
		return ink
	case c == vt10x.DefaultBG:
		return paper
	case c < 16:
		return palette[c]
	}
	return ink
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

// keys of a role and their parts are hidden in pictures: they are of no use, but look like secrets.
var hiddenKeys = regexp.MustCompile(`ASIA[A-Z0-9]{16}|AROA[A-Z0-9]{17}`)

func (s *screen) keep(name, what string) {
	s.t.Helper()
	svg := s.picture(what, hiddenKeys)
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); err != nil {
			if err.Error() != "EOF" {
				s.t.Errorf("%s: %v", name, err)
			}
			break
		}
	}
	if hiddenKeys.MatchString(svg) {
		s.t.Errorf("%s shows a key", name)
	}
	keepPicture(s.t, name, []byte(svg))
}

func TestPictureOfThePicker(t *testing.T) {
	w := aListedWorld(t, 20, team)
	w.settings(t, "[[account]]\nmatch = \"payments-prod\"\nalias = \"pay\"\ntags = [\"prod\", \"team-pay\"]\n"+
		"guarded = true\n")
	w.must(t, "rolecall", "process", "--profile", "dev")
	s := onScreen(t, 92, 16, w.environ(), "pick", "--query", "pay")
	s.shows("3/26", "keys for")
	s.keep("picker.svg", "The picker: what matches “pay”, with the region and the time left of cached keys")
	s.types("\x1b")
	s.ends(130)
}

func TestPictureOfAPlan(t *testing.T) {
	w := aListedWorld(t, 3, team)
	s := aScreen(t, 92, 24, w.environ(), true, []string{
		"sh", "-c",
		`clear; printf '$ rolecall profiles plan corp --match "payments*"\n'
exec rolecall profiles plan corp --match "payments*"`,
	})
	if err := s.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	<-s.drawn
	s.shows("3 added")
	s.keep("plan.svg", "The plan of generated profiles: what would be added to ~/.aws/config, and what stays")
}

// The tour's shell, with the prompt of docs/shells.md.
func TestPictureOfTheTour(t *testing.T) {
	aws := sidAWS(t)
	w := aListedWorld(t, 0, nil)
	shim := "#!/bin/sh\nexec " + strings.Join(aws.argv, " ") + " \"$@\"\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(shim), 0o700); err != nil {
		t.Fatal(err)
	}
	rc := "PATH=" + dir + ":$PATH\nPS1='$ '\neval \"$(rolecall shell-init bash)\"\n" + docsBlock(t, "bash")
	if err := os.WriteFile(filepath.Join(w.home, ".bashrc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	s := aScreen(t, 92, 30, append(w.environ(), "ROLECALL_PROFILE="), true, []string{"sh", "-c", "cd; clear; exec bash"})
	enters := func(prompt, line string) {
		t.Helper()
		s.await("a prompt", func(lines []string) bool { return lastOf(lines) == prompt })
		s.types(line + "\r")
		s.await("the typed line", func(lines []string) bool { return slices.Contains(lines, prompt+" "+line) })
	}
	enters("$", "rc dev")
	enters("[payments-dev/Admin] $", "aws sts get-caller-identity --query Arn")
	enters("[payments-dev/Admin] $", "rolecall exec audit -- aws sts get-caller-identity --query Arn")
	enters("[payments-dev/Admin] $", "rolecall status --short")
	enters("[payments-dev/Admin] $", "rc 111122223333/Admn")
	enters("$", "rc - && rc --clear")
	s.await("a prompt", func(lines []string) bool { return lastOf(lines) == "$" })
	s.shows("AWSReservedSSO_Admin_", "AWSReservedSSO_ReadOnly_", `no access to role "Admn"`, "did you mean Admin?")
	s.keep("tour.svg", "A shell that switches to a role, runs one command as another, and explains a mistyped one")
	s.types("exit\r")
	_ = s.cmd.Wait()
}

// The docs show each picture, and only pictures that are there.
func TestPicturesAreShown(t *testing.T) {
	shown, picture := map[string]bool{}, regexp.MustCompile(`!\[[^\]]+\]\((?:[./]*docs/)?pictures/([^)]+)\)`)
	for _, pattern := range []string{"../../README.md", "../../docs/*.md", "../../site/pages/*.md"} {
		pages, _ := filepath.Glob(pattern)
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range picture.FindAllSubmatch(text, -1) {
				shown[string(found[1])] = true
			}
		}
	}
	files, err := os.ReadDir(pictures)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, file := range files {
		there = append(there, file.Name())
		if !shown[file.Name()] {
			t.Errorf("no page shows %s", file.Name())
		}
	}
	for name := range shown {
		if !slices.Contains(there, name) {
			t.Errorf("%s is not there", name)
		}
	}
}
