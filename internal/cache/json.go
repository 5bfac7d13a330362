package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A member is one name and raw value of a JSON object, in the file's order.
type member struct {
	name  string
	value json.RawMessage
}

// object is a JSON object that keeps unknown members.
type object []member

const jsonSpace = " \t\r\n"

// parseObject reads one JSON object and nothing else. The lean program reads four at each start, so encoding/json only
// checks them: its reflection would add two percent to the start.
func parseObject(data []byte) (object, error) {
	rest := bytes.TrimLeft(data, jsonSpace)
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("it is empty")
	case rest[0] != '{':
		return nil, errors.New("it is not a JSON object")
	case !json.Valid(data):
		return nil, whyInvalid(data)
	}
	var o object
	for rest = bytes.TrimLeft(rest[1:], jsonSpace); rest[0] != '}'; {
		name, after := cutValue(rest)
		value, next := cutValue(bytes.TrimLeft(after, jsonSpace+":"))
		o.setRaw(unquote(name), value)
		rest = bytes.TrimLeft(next, jsonSpace+",")
	}
	return o, nil
}

// whyInvalid says what is wrong with invalid JSON, without its text: that may be a secret.
func whyInvalid(data []byte) error {
	var none json.RawMessage
	var syntax *json.SyntaxError
	errors.As(json.Unmarshal(data, &none), &syntax)
	switch {
	case strings.HasSuffix(syntax.Error(), "after top-level value"):
		return errors.New("there is text after its JSON object")
	case strings.HasPrefix(syntax.Error(), "unexpected end"):
		return errors.New("its JSON ends too early")
	}
	return errors.New("its JSON is invalid")
}

// cutValue cuts the first value off valid JSON text.
func cutValue(text []byte) (value, rest []byte) {
	if !bytes.ContainsAny(text[:1], `"{[`) { // a number, true, false or null
		end := bytes.IndexAny(text, jsonSpace+",]}")
		return text[:end], text[end:]
	}
	depth := 0
	for i := 0; ; i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			continue
		}
		if depth == 0 {
			return text[:i+1], text[i+1:]
		}
	}
}

// unquote returns the text of a valid JSON string.
func unquote(quoted []byte) string {
	text := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
		return string(text)
	}
	var unescaped string
	_ = json.Unmarshal(quoted, &unescaped) // it is valid
	return unescaped
}

func (o object) raw(name string) json.RawMessage {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// text returns a string member, or "" when it is missing, null or not a string.
func (o object) text(name string) string {
	raw := o.raw(name)
	if len(raw) == 0 || raw[0] != '"' {
		return ""
	}
	return unquote(raw)
}

// into sets the fields of a flat struct from the members that their json tags name. It stops at a member of another
// type, and returns false.
func (o object) into(pointer any) bool {
	fields := reflect.ValueOf(pointer).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		raw := o.raw(name)
		if raw == nil || string(raw) == "null" {
			continue
		}
		fits := true
		switch field := fields.Field(i).Addr().Interface().(type) {
		case *string:
			*field, fits = o.text(name), raw[0] == '"'
		case *bool:
			*field, fits = string(raw) == "true", raw[0] == 't' || raw[0] == 'f'
		case *int64:
			n, err := strconv.ParseInt(string(raw), 10, 64)
			*field, fits = n, err == nil
		case *time.Time:
			fits = field.UnmarshalJSON(raw) == nil
		default:
			panic(name + " is of a type that into does not read")
		}
		if !fits {
			return false
		}
	}
	return true
}

func (o *object) setRaw(name string, value json.RawMessage) {
	for i := range *o {
		if (*o)[i].name == name {
			(*o)[i].value = value
			return
		}
	}
	*o = append(*o, member{name, value})
}

// set puts text under name; an empty text removes the member, since some SDKs fail on null.
func (o *object) set(name, text string) {
	if text != "" {
		o.setRaw(name, quote(text))
		return
	}
	for i := range *o {
		if (*o)[i].name == name {
			*o = append((*o)[:i], (*o)[i+1:]...)
			return
		}
	}
}

// bytes writes o as Python's json.dumps does: one line, ", " and ": " between.
func (o object) bytes() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteString(", ")
		}
		b.Write(quote(m.name))
		b.WriteString(": ")
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// quote writes a JSON string as Python does: ASCII only, <, > and & as they are.
// The names of shared files hash such strings.
func quote(text string) json.RawMessage {
	b := []byte{'"'}
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r > 0xffff:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return append(b, '"')
}
