package loopback

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/peer"
	"rolecall/internal/proof"
)

func listen(t testing.TB, handler http.HandlerFunc) *Server {
	t.Helper()
	s, err := Listen(0, handler, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// get asks with a connection of its own.
func get(ctx context.Context, s *Server) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Host+"/", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); string(text) != "hello" {
		return errors.Join(errors.New("it says "+string(text)), err)
	}
	return nil
}

// hold opens n connections, sends text on each, and keeps them open.
func hold(t testing.TB, s *Server, n int, text string) {
	t.Helper()
	for range n {
		conn, err := net.Dial("tcp4", s.Host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, text) // the server may have closed it already
	}
}

// Connections that are only kept open do not keep the browser out. With a limit and nothing else, 200 of them would
// hold it up for twelve seconds, and 1,200 for longer than a browser waits.
func TestIdleConnections(t *testing.T) {
	for name, text := range map[string]string{
		"silent": "", "slow": "GET / HTTP/1.1\r\nHost: ", "kept alive": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"half a body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1",
	} {
		counts := []int{200}
		if text == "" {
			counts = []int{200, 1200}
		}
		for _, n := range counts {
			s := listen(t, hello)
			hold(t, s, n, text)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if err := get(ctx, s); err != nil {
				t.Errorf("%d %s connections: %v", n, name, err)
			}
			cancel()
			proof.Note(t, "connections", n, n)
			s.conns.mu.Lock()
			if open := len(s.conns.open); open > maxConnections {
				t.Errorf("%d %s connections: %d are open", n, name, open)
			}
			s.conns.mu.Unlock()
		}
	}
}

// An answer on its way is not cut off, however many come.
func TestAnAnswerIsNotCutOff(t *testing.T) {
	arrived, release := make(chan bool), make(chan bool)
	var first sync.Once
	s := listen(t, func(w http.ResponseWriter, r *http.Request) {
		first.Do(func() { close(arrived); <-release })
		hello(w, r)
	})
	answered := make(chan error, 1)
	go func() { answered <- get(t.Context(), s) }()
	<-arrived
	hold(t, s, maxConnections+10, "")
	close(release)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// statusAt asks as a browser would that takes s for another host.
func statusAt(t *testing.T, s *Server, host string) int {
	t.Helper()
	conn, err := net.Dial("tcp4", s.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestRefusals(t *testing.T) {
	refused := make(chan error, 10)
	s, err := Listen(0, http.HandlerFunc(hello), func(err error) { refused <- err })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := get(t.Context(), s); err != nil {
		t.Error(err)
	}
	for _, host := range []string{"localhost", "evil.example", "127.0.0.1", "127.0.0.1:1", "evil.example:" + s.Host} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Host+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden || strings.Contains(string(text), "hello") {
			t.Errorf("%q: %d %s", host, answer.StatusCode, text)
		}
		if status := statusAt(t, s, host); status != http.StatusForbidden && status != http.StatusBadRequest {
			t.Errorf("%q over a connection of our own: %d", host, status)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil) // over no connection of this machine
	r.Host = s.Host
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "hello") {
		t.Fatalf("an unknown caller: %d %s", w.Code, w.Body)
	}
	if err := <-refused; !errors.Is(err, peer.ErrUnknown) {
		t.Error(err)
	}
}

// BenchmarkBesideIdleConnections is how long the browser's request takes beside 1,200 connections that are kept open.
func BenchmarkBesideIdleConnections(b *testing.B) {
	s := listen(b, hello)
	hold(b, s, 1200, "")
	for b.Loop() {
		if err := get(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}

// A server elsewhere, such as on a socket, is told which hosts may be named, whose a connection is, and how to refuse.
// A connection is checked until it has passed.
func TestServeElsewhere(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked, ours := 0, false
	s := Config{
		Handler: http.HandlerFunc(hello), Hosts: func(host string) bool { return host == "there" },
		Check: func(net.Addr, net.Addr) error {
			mu.Lock()
			defer mu.Unlock()
			if asked++; !ours {
				return peer.ErrUnknown
			}
			return nil
		},
		Refuse: func(w http.ResponseWriter, reason string) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, reason)
		},
	}.Serve(listener)
	t.Cleanup(func() { _ = s.Close() })
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	status := func(host string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode
	}
	if got := status("elsewhere"); got != http.StatusTeapot || asked != 0 {
		t.Errorf("another host: %d, asked %d times", got, asked)
	}
	if got := status("there"); got != http.StatusTeapot {
		t.Errorf("another user: %d", got)
	}
	mu.Lock()
	ours = true
	mu.Unlock()
	for range 5 {
		if got := status("there"); got != http.StatusOK {
			t.Errorf("ours: %d", got)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if asked != 2 {
		t.Errorf("asked %d times for one refused and one good connection", asked)
	}
}

// The server's own check says whose the connections of a socket are: many of this person's stay open.
func TestManyConnectionsElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := Config{
		Handler: http.HandlerFunc(hello), Hosts: func(string) bool { return true },
		Check: func(net.Addr, net.Addr) error { return nil },
	}.Serve(listener)
	t.Cleanup(func() { _ = s.Close() })
	var all []net.Conn
	for range 3 * manyConnections {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		all = append(all, conn)
	}
	for _, conn := range all { // the server has them all by the time the last one is answered
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("a connection was closed: %v", err)
		}
		_ = answer.Body.Close()
	}
}

// A server with slow answers gets the time for them.
func TestALongAnswer(t *testing.T) {
	s, err := Config{Limit: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
			hello(w, r)
		}
	})}.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := get(t.Context(), s); err != nil {
		t.Error(err)
	}
}
