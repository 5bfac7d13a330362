// Package audit keeps the log of keys that have left rolecall: lines of JSON, each with the hash of the one before,
// that many processes append to at once (docs/decisions/022). It keeps to itself how the file is locked, continued
// after a crash and rotated, and what proves that nobody has changed it. It never holds a secret, and links nothing
// that takes time to start: rolecall-process appends, too.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// version is that of the records' form.
const version = 1

// A Record says that keys have left, where to, and whose they were, or that a rule or a guard was in the way. Append
// fills in what is below Answer.
type Record struct {
	Version int       `json:"v"`
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	// How is env, exec, process, serve, console or write for keys that leave. Events with which none leave are login, a
	// sign-in, refused, by a rule or a guard, and guard, one that was passed.
	How     string `json:"how"`
	Command string `json:"command"` // the program that gets the keys, else the command of rolecall that prints them
	// Person is the name of whoever signed in, if it is known; PersonKey is the keyed hash of that name in the note of
	// the session, which is known more often. A record with both names all others with this PersonKey.
	Person      string    `json:"person,omitempty"`
	PersonKey   string    `json:"personKey,omitempty"`
	Session     string    `json:"session,omitempty"` // its name, or the start URL of one that has none
	Account     string    `json:"account,omitempty"`
	AccountName string    `json:"accountName,omitempty"`
	Role        string    `json:"role,omitempty"`
	Profile     string    `json:"profile,omitempty"`
	KeyID       string    `json:"keyId,omitempty"`
	Expires     time.Time `json:"expires,omitzero"`
	Parent      string    `json:"parent,omitempty"` // the name of the process that started rolecall
	// Rule is what has refused, or what guards; RuleFrom is its file, with the line if that is known. Answer is how a
	// guard was passed, or why not: typed, --confirm, remembered, and the like. What was typed is nowhere.
	Rule     string `json:"rule,omitempty"`
	RuleFrom string `json:"ruleFrom,omitempty"`
	Answer   string `json:"answer,omitempty"`

	// Lost counts the records that could not be written, since the log began.
	Lost int64 `json:"lost,omitempty"`
	// Torn is the hash of what an interrupted write has left before this record.
	Torn string `json:"torn,omitempty"`
	Prev string `json:"prev"` // the hash of the record before; empty for the first
	Hash string `json:"hash,omitempty"`
}

// longest bounds each text of a record, in bytes.
const longest = 256

// fit shortens texts that are too long: a line stays small enough to be written at once.
func (r *Record) fit() {
	for _, text := range []*string{
		&r.How, &r.Command, &r.Person, &r.PersonKey, &r.Session, &r.Account, &r.AccountName, &r.Role, &r.Profile, &r.KeyID,
		&r.Parent, &r.Rule, &r.RuleFrom, &r.Answer,
	} {
		if len(*text) > longest {
			*text = strings.ToValidUTF8((*text)[:longest], "") + "…"
		}
	}
}

// hashMember begins the last member of a record's line.
const hashMember = `,"hash":"`

// lineOf returns the line of r with its hash, which covers each byte before it. It is plain ASCII: whoever prints the
// file on a terminal prints nothing that a terminal obeys. Reflection would take longer than all the rest.
func lineOf(r Record) []byte {
	b := make([]byte, 0, 1024)
	number := func(name string, n int64) {
		b = strconv.AppendInt(append(b, `,"`+name+`":`...), n, 10)
	}
	text := func(name, text string) {
		if text != "" {
			b = appendText(append(b, `,"`+name+`":`...), text)
		}
	}
	moment := func(name string, t time.Time) {
		b = append(t.AppendFormat(append(b, `,"`+name+`":"`...), time.RFC3339Nano), '"')
	}
	b = strconv.AppendInt(append(b, `{"v":`...), version, 10)
	number("seq", r.Seq)
	moment("time", r.Time)
	text("how", r.How)
	text("command", r.Command)
	text("person", r.Person)
	text("personKey", r.PersonKey)
	text("session", r.Session)
	text("account", r.Account)
	text("accountName", r.AccountName)
	text("role", r.Role)
	text("profile", r.Profile)
	text("keyId", r.KeyID)
	if !r.Expires.IsZero() {
		moment("expires", r.Expires)
	}
	text("parent", r.Parent)
	text("rule", r.Rule)
	text("ruleFrom", r.RuleFrom)
	text("answer", r.Answer)
	if r.Lost > 0 {
		number("lost", r.Lost)
	}
	text("torn", r.Torn)
	b = append(b, `,"prev":"`+r.Prev+`"`...)
	return append(b, hashMember+sum(b, []byte("}"))+"\"}\n"...)
}

// appendText appends a JSON text in ASCII.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r < 0x7f:
			b = append(b, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return append(b, '"')
}

func sum(parts ...[]byte) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hashOf returns the hash at the end of a line without its line end, if that is the line's.
func hashOf(line []byte) (string, bool) {
	at := bytes.LastIndex(line, []byte(hashMember))
	if at < 0 || len(line) != at+len(hashMember)+2*sha256.Size+len(`"}`) {
		return "", false
	}
	hash := string(line[at+len(hashMember) : len(line)-len(`"}`)])
	return hash, sum(line[:at], []byte("}")) == hash
}

// parse returns the record of a line without its end, if it is one that Append has written, byte for byte.
func parse(line []byte) (Record, bool) {
	var r Record
	if _, ok := hashOf(line); !ok {
		return r, false
	}
	err := json.Unmarshal(line, &r)
	return r, err == nil && r.Version == version
}

// A link is what the next record needs to know of a record.
type link struct {
	seq, lost int64
	hash      string
}

// linkOf is parse for a writer, which has no time to parse.
func linkOf(line []byte) (link, bool) {
	hash, ok := hashOf(line)
	begins := fmt.Appendf(nil, `{"v":%d,`, version)
	return link{number(line, "seq"), number(line, "lost"), hash}, ok && bytes.HasPrefix(line, begins)
}

// number returns a member of a line; 0 without one. Within a text a quote has a backslash before it.
func number(line []byte, name string) int64 {
	_, rest, _ := bytes.Cut(line, []byte(`,"`+name+`":`))
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// isTorn reports whether data can be what interrupted writes of record seq have left: the beginnings of its line, or
// zeros where the disk had reserved space.
func isTorn(data []byte, seq int64) bool {
	begins := fmt.Appendf(nil, `{"v":%d,"seq":%d,"`, version, seq)
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		line = bytes.TrimRight(line, "\x00")
		if n := min(len(line), len(begins)); !bytes.Equal(line[:n], begins[:n]) || n > 0 && json.Valid(line) {
			return false
		}
	}
	return true
}
