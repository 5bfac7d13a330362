//go:build linux

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// 1,100 connections that send a header slowly do not keep a good client waiting until they time out.
func TestSlowConnections(t *testing.T) {
	server := serve(t, filepath.Join(t.TempDir(), "home"))
	host := strings.TrimPrefix(server.url, "http://")
	for range 1100 {
		c, err := net.Dial("tcp4", host)
		if err == nil {
			_, err = io.WriteString(c, "GET /start HTTP/1.1\r\nHost: "+host+"\r\nX-Slow: ")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // their header may take five
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.url+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Transport{}).RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("a good client: %v, %v", answer, err)
	}
	t.Logf("answered after %v", time.Since(began))
	server.stop(syscall.SIGTERM)
}

// A raw client knows what it has sent: a request that was sent must be answered, on a connection of its own or one that
// is kept, unless the server said before that it would close.
type rawClient struct {
	host          string
	keep          bool
	answered      *atomic.Int64
	lost, refused []string
}

func (c *rawClient) run() {
	for {
		conn, err := net.Dial("tcp4", c.host)
		if err != nil {
			c.refused = append(c.refused, err.Error())
			return
		}
		last := c.use(conn)
		_ = conn.Close()
		if last {
			return
		}
	}
}

// use asks on a connection until it is said to be the last answer, and reports whether to stop.
func (c *rawClient) use(conn net.Conn) (stop bool) {
	reader := bufio.NewReader(conn)
	connection := "close"
	if c.keep {
		connection = "keep-alive"
	}
	for {
		body := `{"clientName":"load","clientType":"public"}`
		_, err := fmt.Fprintf(conn, "POST /client/register HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\nContent-Length: %d\r\n\r\n%s",
			c.host, connection, len(body), body)
		if err != nil {
			c.lost = append(c.lost, "sent: "+err.Error())
			return true
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer, err := http.ReadResponse(reader, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
		}
		if err != nil {
			c.lost = append(c.lost, "answer: "+err.Error())
			return true
		}
		c.answered.Add(1)
		if answer.Close {
			return false
		}
	}
}

// On SIGTERM under load each request that was accepted is answered.
func TestSIGTERMUnderLoadLosesNothing(t *testing.T) {
	for round := range 5 {
		server := serve(t, filepath.Join(t.TempDir(), "home"), "--no-limits", "--data", filepath.Join(t.TempDir(), "data"))
		var answered atomic.Int64
		var clients []*rawClient
		var wg sync.WaitGroup
		for i := range 60 {
			c := &rawClient{host: strings.TrimPrefix(server.url, "http://"), keep: i%2 == 0, answered: &answered}
			clients = append(clients, c)
			wg.Go(c.run)
		}
		for answered.Load() < 1000 {
			time.Sleep(time.Millisecond)
		}
		server.stop(syscall.SIGTERM)
		wg.Wait()
		lost := 0
		for _, c := range clients {
			lost += len(c.lost)
			if len(c.lost) > 0 {
				t.Errorf("round %d, keep %v: %q", round, c.keep, c.lost)
			}
		}
		t.Logf("round %d: %d answered, %d lost", round, answered.Load(), lost)
	}
}

