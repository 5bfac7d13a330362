// Package audit keeps the record of keys that have left rolecall: lines of JSON, each with the hash of the one before,
// that many processes append to at once (docs/decisions/022). It keeps to itself how the file is locked, continued after
// a crash and rotated, and what proves that nobody has changed it. It never holds a secret, and links nothing that takes
// time to start: rolecall-process appends, too.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// version is that of the records' form.
const version = 1

// A Record says that keys have left, where to, and whose they were. Append fills in what is below Parent.
type Record struct {
	Version int       `json:"v"`
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	How     string    `json:"how"`     // env, exec, process, serve, console, write; login for a sign-in
	Command string    `json:"command"` // the program that gets the keys, else the command of rolecall that prints them
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
		&r.Parent,
	} {
		if len(*text) > longest {
			*text = strings.ToValidUTF8((*text)[:longest], "") + "…"
		}
	}
}

// hashMember begins the last member of a record's line.
const hashMember = `,"hash":"`

// lineOf returns the line of r with its hash, which covers each byte before it. It is plain ASCII: whoever prints the
// file on a terminal prints nothing that a terminal obeys.
func lineOf(r Record) (line []byte, hash string, err error) {
	r.Hash = ""
	body, err := json.Marshal(r)
	if err != nil {
		return nil, "", err
	}
	body = ascii(body)
	hash = sum(body)
	return append(append(body[:len(body)-1], hashMember+hash+`"}`...), '\n'), hash, nil
}

func ascii(text []byte) []byte {
	if !bytes.ContainsFunc(text, func(r rune) bool { return r >= 0x7f }) {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

func sum(parts ...[]byte) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// parse returns the record of a line without its end, if it is one that Append has written, byte for byte.
func parse(line []byte) (Record, bool) {
	var r Record
	at := bytes.LastIndex(line, []byte(hashMember))
	if at < 0 || !utf8.Valid(line) || len(line) != at+len(hashMember)+2*sha256.Size+len(`"}`) {
		return r, false
	}
	hash := string(line[at+len(hashMember) : len(line)-len(`"}`)])
	if sum(line[:at], []byte("}")) != hash {
		return r, false
	}
	err := json.Unmarshal(line, &r)
	return r, err == nil && r.Version == version && r.Hash == hash
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
