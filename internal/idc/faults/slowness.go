package faults

import (
	"bytes"
	"compress/gzip"
	"math"
	"time"
)

// slowness is answers that take too long, or are too long.
func slowness() []Fault {
	inTime := "give up after a reasonable time, and say that there was no answer"
	bound := "bound answers, and stop reading"
	return []Fault{
		{
			Name: "huge-body", Value: "bytes (1073741824)", Routes: "portal", start: hugeBody, Does: "answers with 1 GiB",
			Client: bound,
		},
		{Name: "endless-body", Routes: "portal", start: raw(endlessBody), Does: "sends endless chunks", Client: bound},
		{
			Name: "gzip-bomb", Value: "megabytes, unpacked (256)", Routes: "portal", start: gzipBomb,
			Does: "sends gzip that expands a thousandfold", Client: "not ask for it; bound what is decompressed",
		},
		{
			Name: "slow-body", Value: "pause before each byte (1s)", Routes: "portal", start: slowBody,
			Does: "sends the body at a byte a second", Client: inTime,
		},
		{
			Name: "slow-headers", Value: "pause before each byte (1s)", Routes: "portal", start: slowHeaders,
			Does: "sends the headers at a byte a second", Client: inTime,
		},
		{
			Name: "silence", Routes: "portal", start: raw((*wire).hang), Does: "accepts the request, and never answers",
			Client: inTime,
		},
		{
			Name: "hanging", Routes: "portal", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head("Connection: close") + string(a.body))
				w.hang()
			}),
			Does: "answers without a length, and does not close the connection", Client: inTime,
		},
		{
			Name: "stalled", Routes: "portal", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head(a.length()) + string(a.body[:len(a.body)/2]))
				w.hang()
			}),
			Does: "sends half the answer, then nothing", Client: inTime,
		},
		{
			Name: "endless-continue", Routes: "portal", start: raw(func(w *wire) {
				w.repeat("HTTP/1.1 100 Continue\r\n\r\n", math.MaxInt64)
			}),
			Does: "sends 100 Continue forever", Client: "bound them",
		},
		{
			Name: "early-hints", Routes: "portal", start: raw(func(w *wire) {
				w.repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n", math.MaxInt64)
			}),
			Does: "sends a flood of 103 Early Hints", Client: "bound them",
		},
	}
}

func hugeBody(value string) (behaviour, error) {
	n, err := number(value, 1<<30, math.MaxInt)
	return behaviour{answer: rawly(func(w *wire) {
		a := ok
		w.say(a.head("Content-Length: " + text(n)))
		w.repeat(blanks(), int64(n))
	})}, err
}

func endlessBody(w *wire) {
	w.say(ok.head("Transfer-Encoding: chunked"))
	w.repeat(chunk(blanks()), math.MaxInt64)
}

// gzipBomb repeats one gzip member: a stream may have many.
func gzipBomb(value string) (behaviour, error) {
	const each = 4
	megabytes, err := number(value, 256, 100_000)
	var piece bytes.Buffer
	z := gzip.NewWriter(&piece)
	_, _ = z.Write(make([]byte, each<<20)) // into memory
	_ = z.Close()
	return behaviour{answer: rawly(func(w *wire) {
		w.say(ok.head("Content-Encoding: gzip", "Connection: close"))
		w.repeat(piece.String(), int64(piece.Len())*int64(max(1, megabytes/each)))
	})}, err
}

func slowBody(value string) (behaviour, error) {
	wait, err := duration(value, time.Second)
	return behaviour{answer: func(c *call) {
		a := c.well()
		rawly(func(w *wire) {
			w.say(a.head(a.length()))
			w.slowly(string(a.body), 1, wait)
		})(c)
	}}, err
}

func slowHeaders(value string) (behaviour, error) {
	wait, err := duration(value, time.Second)
	return behaviour{answer: func(c *call) {
		a := c.well()
		rawly(func(w *wire) {
			w.slowly(a.head(a.length()), 1, wait)
			w.say(string(a.body))
		})(c)
	}}, err
}
