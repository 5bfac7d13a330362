package awsconfig

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// checkEncoding rejects text that nobody can read as UTF-8, and notes what some tools refuse.
func (d *Document) checkEncoding() error {
	data := d.data
	note := func(id string, line int, text, remedy string) {
		d.problems = append(d.problems, Problem{ID: id, Origin: Origin{d.path, line}, Text: text, Remedy: remedy})
	}
	if form := wide(data); form != "" {
		e := d.fail(1, "the file is %s, as Windows PowerShell writes it with > and Out-File: no tool can read it", form)
		e.Remedy = d.recode(form)
		return e
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return d.fail(lineAt(data, i), "a NUL byte: this is not a text file")
	}
	if bytes.HasPrefix(data, utf8Mark) {
		d.body = len(utf8Mark)
		note("config.byte-order-mark", 1, "a byte order mark: botocore rejects the file, and so do the Java and Rust "+
			"SDKs; the Go SDK skips the first line, the JavaScript SDK reads it", d.recode("UTF-8 with a byte order mark"))
	}
	if !utf8.Valid(data) {
		note("config.not-utf8", lineAt(data, firstInvalid(data)), "the text is not UTF-8: botocore rejects the file",
			"save the file as UTF-8")
	}
	return nil
}

func lineAt(data []byte, offset int) int { return bytes.Count(data[:offset], []byte("\n")) + 1 }

func firstInvalid(data []byte) int {
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

// wide returns the name of an encoding with several bytes for each character, by its mark or its NUL bytes, or "".
func wide(data []byte) string {
	zero := func(i int) bool { return i < len(data) && data[i] == 0 }
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return "UTF-32"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "UTF-16"
	case !zero(0) && zero(1) && !zero(2) && zero(3):
		return "UTF-16LE"
	case zero(0) && !zero(1) && zero(2) && !zero(3):
		return "UTF-16BE"
	}
	return ""
}

// recode returns the commands that write the file as UTF-8, for PowerShell and for other shells.
func (d *Document) recode(form string) string {
	path := "'" + strings.ReplaceAll(d.path, "'", "''") + "'"
	from := ""
	switch form {
	case "UTF-16LE":
		from = ", [Text.Encoding]::Unicode"
	case "UTF-16BE":
		from = ", [Text.Encoding]::BigEndianUnicode"
	}
	shell := "'" + strings.ReplaceAll(d.path, "'", `'\''`) + "'"
	read := "iconv -f " + form + ` -t UTF-8 "$f"`
	if strings.HasPrefix(form, "UTF-8") { // all but the mark
		read = `tail -c +4 "$f"`
	}
	return "in PowerShell: $f = " + path + "; [IO.File]::WriteAllText($f, [IO.File]::ReadAllText($f" + from + "))\n" +
		"in other shells: f=" + shell + `; (umask 077; ` + read + ` > "$f.utf8" && mv "$f.utf8" "$f")`
}
