package faults

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// A wire is a connection taken from the HTTP server, to write what the server would not.
type wire struct {
	net.Conn
	call *call
	gone chan struct{} // closed when the client has left
}

// take takes the connection, and keeps reading to notice when the client leaves.
func (c *call) take() (*wire, bool) {
	if c.r.Body != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c.r.Body, maxPeek)) // its buffer is not ours to read
	}
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		http.Error(c.w, "this connection cannot be taken over", http.StatusInternalServerError)
		return nil, false
	}
	w := &wire{conn, c, make(chan struct{})}
	_ = conn.SetDeadline(time.Time{})
	go func() {
		defer close(w.gone)
		_, _ = io.Copy(io.Discard, conn)
	}()
	return w, true
}

// raw plays a fault on the connection itself, which is closed at the end.
func raw(play func(w *wire)) starter {
	return always(rawly(play))
}

func rawly(play func(w *wire)) func(c *call) {
	return func(c *call) {
		if w, ok := c.take(); ok {
			play(w)
			_ = w.Close()
			<-w.gone
		}
	}
}

// rawAnswer is raw with the normal answer, after all its effects.
func rawAnswer(play func(w *wire, a answer)) starter {
	return always(func(c *call) {
		a := c.well()
		rawly(func(w *wire) { play(w, a) })(c)
	})
}

// say writes text. It returns false if the client has left.
func (w *wire) say(text string) bool {
	_, err := io.WriteString(w, text)
	return err == nil
}

// head is the start of an answer, with additional headers.
func (a answer) head(more ...string) string {
	kind := a.header.Get("Content-Type")
	if kind == "" {
		kind = "application/json"
	}
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: %s\r\n", a.status, http.StatusText(a.status), kind)
	if exception := a.header.Get("X-Amzn-Errortype"); exception != "" {
		head += "X-Amzn-Errortype: " + exception + "\r\n"
	}
	for _, line := range more {
		head += line + "\r\n"
	}
	return head + "\r\n"
}

func (a answer) length() string { return fmt.Sprintf("Content-Length: %d", len(a.body)) }

var ok = answer{status: 200, header: http.Header{}}

// slowly writes text piece by piece.
func (w *wire) slowly(text string, size int, wait time.Duration) {
	for len(text) > 0 {
		n := min(size, len(text))
		if !w.say(text[:n]) || !w.call.pause(wait, w.gone) {
			return
		}
		text = text[n:]
	}
}

// hang waits until the client has left, or the fault is no longer played.
func (w *wire) hang() {
	select {
	case <-w.gone:
	case <-w.call.stop:
	}
}

// repeat writes text until the client has left, the limit is reached, or the play ends.
func (w *wire) repeat(text string, total int64) {
	for total > 0 {
		n := min(int64(len(text)), total)
		if !w.say(text[:n]) {
			return
		}
		select {
		case <-w.call.stop:
			return
		default:
		}
		total -= n
	}
}

// reset ends the connection with RST.
func (w *wire) reset() {
	conn := w.Conn
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secured.NetConn()
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

const kilobytes64 = 64 << 10

// chunk is a piece of a chunked body.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

func blanks() string { return strings.Repeat(" ", kilobytes64) }
