package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A member is one name and raw value of a JSON object, in the file's order.
type member struct {
	name  string
	value json.RawMessage
}

// object is a JSON object that keeps unknown members.
type object []member

// parseObject reads one JSON object and nothing else.
func parseObject(data []byte) (object, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("it is empty")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	var o object
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, errors.New("its JSON is invalid")
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, errors.New("its JSON is invalid")
		}
		o.setRaw(name.(string), value)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errors.New("its JSON ends too early")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is text after its JSON object")
	}
	return o, nil
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
	var text string
	if raw := o.raw(name); raw == nil || json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
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
