package faults

import (
	"fmt"
	"strconv"
)

func text(n int) string { return strconv.Itoa(n) }

// connections are broken HTTP answers and broken connections.
func connections() []Fault {
	refuse := "treat it as a failed connection: retry, then say so"
	return []Fault{
		{
			Name: "reset", Value: "start or body (body)", Routes: "portal", start: reset,
			Does: "resets the connection in the middle of the body, or before answering", Client: refuse,
		},
		{
			Name: "lost-answer", Routes: "refresh", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head(a.length()) + string(a.body[:len(a.body)/2]))
				w.reset()
			}),
			Does: "does what was asked, such as rotating the refresh token, and then cuts the connection; play " +
				"it #1",
			Client: "ask again with the same refresh token: for 30 seconds the answer is repeated",
		},
		{
			Name: "cut-after-headers", Routes: "portal", start: rawAnswer(func(w *wire, a answer) { w.say(a.head(a.length())) }),
			Does: "closes the connection after the headers", Client: refuse,
		},
		{
			Name: "http2-flood", Routes: "all", start: http2Flood,
			Does:   "floods HTTP/2 with SETTINGS, and resets each stream; through the proxy only",
			Client: "bound both, and say that the service is unavailable",
		},
	}
}

// framing is answers with a wrong length, or that nobody asked for.
func framing() []Fault {
	refuse := "treat it as a failed connection: retry, then say so"
	first := "use the first answer, and close the connection"
	return []Fault{
		{
			Name: "short-body", Routes: "portal", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head(a.length()) + string(a.body[:len(a.body)*3/4]))
			}),
			Does: "sends less than Content-Length says, and closes the connection", Client: refuse,
		},
		{
			Name: "long-body", Routes: "portal", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head(a.length()) + string(a.body) + "and more, \x1b[31mplayed")
				w.hang()
			}),
			Does: "sends more than Content-Length says", Client: "read to that length, and close the connection",
		},
		{
			Name: "two-lengths", Routes: "portal", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head(a.length(), fmt.Sprintf("Content-Length: %d", len(a.body)/2)) + string(a.body))
			}),
			Does: "sends two Content-Lengths", Client: refuse,
		},
		{
			Name: "length-and-chunked", Routes: "portal", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head("Content-Length: 2", "Transfer-Encoding: chunked") + chunk(string(a.body)) + "0\r\n\r\n")
			}),
			Does:   "sends Content-Length along with Transfer-Encoding: chunked",
			Client: "go by the chunks (RFC 9112), or refuse it",
		},
		{Name: "http-0.9", Routes: "portal", start: rawAnswer(func(w *wire, a answer) {
			w.say(string(a.body))
		}), Does: "answers as HTTP/0.9: a body alone", Client: refuse},
		{
			Name: "second-answer", Routes: "token", start: rawAnswer(func(w *wire, a answer) {
				w.say(a.head(a.length()) + string(a.body) + a.head(a.length()) + string(a.body))
				w.hang()
			}),
			Does: "sends two answers to one request", Client: first,
		},
		{
			Name: "early-answer", Routes: "portal", start: rawAnswer(earlyAnswer),
			Does: "also answers the next request, before it is sent", Client: first,
		},
	}
}

func reset(value string) (behaviour, error) {
	_, err := choose(value, []choice{{"body", 0}, {"start", 0}})
	return behaviour{answer: func(c *call) {
		if value == "start" {
			rawly((*wire).reset)(c)
			return
		}
		a := c.well()
		rawly(func(w *wire) {
			w.say(a.head(a.length()) + string(a.body[:len(a.body)/2]))
			w.reset()
		})(c)
	}}, err
}

// earlyAnswer leaves an answer that nobody asked for on the open connection.
func earlyAnswer(w *wire, a answer) {
	early := answer{status: 200, header: a.header, body: []byte(`{"played":"before the request"}`)}
	w.say(a.head(a.length()) + string(a.body) + early.head(early.length()) + string(early.body))
	w.hang()
}
