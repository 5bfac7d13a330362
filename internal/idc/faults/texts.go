package faults

import (
	"bytes"
	"compress/gzip"
	"unicode/utf16"
)

// bodies are answers that are not the expected JSON.
func bodies() []Fault {
	object := "refuse the whole answer: AWS does not send this"
	jsonBody := func(body string) starter { return always(func(c *call) { c.text("application/json", body) }) }
	page := "<html><head><title>Welcome</title></head><body>Please log in to the hotel's network</body></html>"
	return []Fault{
		{
			Name: "html", Routes: "portal", start: always(func(c *call) { c.text("text/html", page) }),
			Does:   "answers 200 with an HTML page, as a hotel's network does",
			Client: "say that the answer did not come from AWS",
		},
		{Name: "empty-body", Routes: "portal", start: jsonBody(""), Does: "answers 200 with an empty body", Client: object},
		{Name: "null-body", Routes: "portal", start: jsonBody("null"), Does: "answers null", Client: object},
		{Name: "array-body", Routes: "portal", start: jsonBody("[]"), Does: "answers with an array", Client: object},
		{
			Name: "empty-object", Routes: "portal", start: jsonBody("{}"), Does: "answers with an object without members",
			Client: "name the missing members",
		},
	}
}

// texts are good answers with a changed text.
func texts() []Fault {
	object := "refuse the whole answer: AWS does not send this"
	whole := "accept exactly one JSON object, and nothing else"
	return []Fault{
		{
			Name: "truncated", Routes: "portal", able: jsonRoutes, start: rewrites(func(b []byte) []byte {
				return b[:len(b)/2]
			}),
			Does: "sends the first half of the JSON, with a matching length", Client: object,
		},
		{
			Name: "trailing-garbage", Routes: "portal", able: jsonRoutes,
			start: rewrites(func(b []byte) []byte { return append(b, `{"more":true} and more`...) }),
			Does:  "adds text after the object", Client: whole,
		},
		{
			Name: "utf-16", Routes: "portal", able: jsonRoutes, start: rewrites(toUTF16),
			Does: "sends the JSON in UTF-16 with a byte order mark", Client: object,
		},
		{
			Name: "bad-utf8", Routes: "portal", able: jsonRoutes,
			start: rewrites(func(b []byte) []byte {
				return bytes.ReplaceAll(b, []byte(`":"`), []byte("\":\"\xff\xc0\x80\xed\xa0\x80"))
			}),
			Does:   "puts bytes that are not UTF-8 into all texts",
			Client: "refuse tokens and ids with them; show names with the bytes replaced",
		},
		{
			Name: "nul", Value: "raw or escaped (raw)", Routes: "portal", able: jsonRoutes, start: nul,
			Does:   "puts NUL into all texts: the byte itself, or \\u0000",
			Client: "refuse it in tokens and ids; never truncate a text there",
		},
		{
			Name: "duplicate-keys", Routes: "portal", able: jsonRoutes, start: edits(func(_ *call, m map[string]any) any {
				return twice(m)
			}),
			Does: "sends each member twice", Client: "refuse it: parsers differ in which one they use",
		},
		{
			Name: "gzip", Routes: "portal", able: jsonRoutes, start: always(zipped),
			Does: "compresses the answer unasked", Client: "refuse it, or decompress it within bounds",
		},
	}
}

// rewrites changes the text of a normal answer.
func rewrites(change func(body []byte) []byte) starter {
	return always(func(c *call) {
		a := c.well()
		a.body = change(a.body)
		c.send(a)
	})
}

func toUTF16(body []byte) []byte {
	wide := []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(string(body))) {
		wide = append(wide, byte(unit>>8), byte(unit))
	}
	return wide
}

func nul(value string) (behaviour, error) {
	text, err := choose(value, []choice{{"raw", "\x00"}, {"escaped", `\u0000`}})
	if err != nil {
		return behaviour{}, err
	}
	return rewrites(func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte(`":"`), []byte(`":"a`+text.(string)+`b`))
	})("")
}

func zipped(c *call) {
	a := c.well()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(a.body) // into memory
	_ = w.Close()
	a.header.Set("Content-Encoding", "gzip")
	a.body = b.Bytes()
	c.send(a)
}
