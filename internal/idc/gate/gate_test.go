package gate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rolecall/internal/idc/gate"
)

// served is a server behind a gate.
type served struct {
	*gate.Gate
	http *http.Server
	host string
}

func serve(t *testing.T, o gate.Options, handler http.HandlerFunc, listen func(net.Listener) net.Listener) *served {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &served{host: l.Addr().String(), http: &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}}
	if listen != nil {
		l = listen(l)
	}
	s.Gate = gate.New(l, o)
	s.Attach(s.http)
	done := make(chan struct{})
	go func() { _ = s.http.Serve(s.Gate); close(done) }()
	t.Cleanup(func() {
		_ = s.http.Close()
		<-done
	})
	return s
}

func hello(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "hello %d", len(body))
}

// dial connects and sends the beginning of something.
func (s *served) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp4", s.host)
	if err == nil {
		_, err = io.WriteString(c, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ask asks on a new connection, which must be answered long before the header times out.
func (s *served) ask(t *testing.T, what string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.host, nil)
	if err != nil {
		t.Fatal(err)
	}
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	answer, err := own.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	_ = answer.Body.Close()
}

// Clients that send nothing, half a header, or half a body, do not keep a good one waiting, however many they are.
func TestSlowClientsKeepNobodyWaiting(t *testing.T) {
	for what, text := range map[string]string{
		"silent": "", "half a header": "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"half a body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
		"idle":        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		s := serve(t, gate.Options{Most: 64, Reserve: 8, PerPeer: 64}, hello, nil)
		for range 80 {
			s.dial(t, text)
		}
		s.ask(t, what)
		time.Sleep(300 * time.Millisecond) // no longer young
		for range 80 {
			s.dial(t, text)
			s.ask(t, what)
		}
	}
}

// A connection that is being answered is never closed to make room; those beyond the reserve wait for it.
func TestBusyConnectionsStay(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{}, 100)
	s := serve(t, gate.Options{Most: 4, Reserve: 2, PerPeer: 64}, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-release
		hello(w, r)
	}, nil)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			c := s.dial(t, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if text, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 200") {
				t.Errorf("request %d: %q, %v", i, text, err)
			}
		})
	}
	for range 6 {
		<-entered
	}
	if len(entered) > 0 {
		t.Error("more are answered at once than there is room for")
	}
	close(release)
	wg.Wait()
}

// elsewhere makes connections come from addresses of other machines.
type elsewhere struct {
	net.Listener
	mu    sync.Mutex
	peers []string // of the next ones; the last stays
}

func (l *elsewhere) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.mu.Lock()
	defer l.mu.Unlock()
	peer := l.peers[0]
	if len(l.peers) > 1 {
		l.peers = l.peers[1:]
	}
	return from{c, peer}, err
}

type from struct {
	net.Conn
	peer string
}

func (f from) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(f.peer), Port: 5}
}

// One address beyond loopback has a bound of its own, and crowds out itself only.
func TestOneAddressHasABound(t *testing.T) {
	for peer, bounded := range map[string]bool{"192.0.2.1": true, "2001:db8::7": true, "127.0.0.1": false, "::1": false} {
		l := &elsewhere{peers: []string{"192.0.2.99", peer}}
		s := serve(t, gate.Options{Most: 64, Reserve: 8, PerPeer: 8}, hello, func(inner net.Listener) net.Listener {
			l.Listener = inner
			return l
		})
		first := s.dial(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // of another
		if _, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil {
			t.Fatal(err)
		}
		var all []net.Conn
		for range 12 {
			all = append(all, s.dial(t, ""))
		}
		s.ask(t, peer)
		open := 0
		for _, c := range append(all, first) {
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if _, err := c.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
				continue
			}
			open++
		}
		if want := map[bool]int{true: 8, false: 13}[bounded]; open != want {
			t.Errorf("%s: %d connections are open, want %d", peer, open, want)
		}
	}
}

// Drain answers what is on its way, and says that these are the last answers.
func TestDrainAnswersWhatWasAccepted(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{}, 10)
	var goesOn atomic.Bool // the clock stands still at first: on a busy machine half a request would look abandoned
	start := time.Now()
	now := func() time.Time {
		if goesOn.Load() {
			return time.Now().Add(time.Minute)
		}
		return start
	}
	s := serve(t, gate.Options{Most: 64, Reserve: 8, PerPeer: 8, Now: now}, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-release
		hello(w, r)
	}, nil)
	running := s.dial(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	begun := s.dial(t, "GET / HTTP/1.1\r\nHost: x\r\n")
	silent := s.dial(t, "")
	drained := make(chan struct{})
	go func() { s.Drain(t.Context()); close(drained) }()
	for { // until new connections are refused
		c, err := net.DialTimeout("tcp4", s.host, 50*time.Millisecond)
		if err != nil {
			break
		}
		_ = c.Close()
	}
	if _, err := io.WriteString(begun, "\r\n"); err != nil {
		t.Fatal(err)
	}
	<-entered
	close(release)
	late, err := http.ReadResponse(bufio.NewReader(begun), nil)
	if err != nil || late.StatusCode != http.StatusOK || !late.Close {
		t.Errorf("a request that was half sent: %v, %v", late, err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(running), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("a running request: %v, %v", answer, err)
	}
	goesOn.Store(true) // and does not stand still again: the answered connections say nothing from now on
	if text, err := io.ReadAll(silent); len(text) > 0 || err != nil {
		t.Errorf("a silent connection: %q, %v", text, err)
	}
	<-drained
}

// The connections that the system has accepted are answered, though nobody has called Accept for them yet.
func TestDrainAnswersTheBacklog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("what waits for Accept is reset there when the listener closes")
	}
	release := make(chan struct{})
	l := &late{release: release}
	s := serve(t, gate.Options{Most: 1024, Reserve: 8, PerPeer: 8}, hello, func(inner net.Listener) net.Listener {
		l.TCPListener = inner.(*net.TCPListener)
		return l
	})
	var all []net.Conn
	for range 100 {
		all = append(all, s.dial(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	}
	time.AfterFunc(5*time.Millisecond, func() { close(release) })
	s.Drain(t.Context())
	for i, c := range all {
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != http.StatusOK || !answer.Close {
			t.Fatalf("request %d of the backlog: %v, %v", i, answer, err)
		}
	}
}

// late begins to accept when it may.
type late struct {
	*net.TCPListener
	release chan struct{}
}

func (l *late) Accept() (net.Conn, error) {
	<-l.release
	return l.TCPListener.Accept()
}

// Two servers behind one gate, as the proxy is: a connection that was taken over is seen by the second.
func TestAConnectionThatWasTakenOver(t *testing.T) {
	s := serve(t, gate.Options{Most: 16, Reserve: 2, PerPeer: 8}, func(w http.ResponseWriter, _ *http.Request) {
		if _, _, err := http.NewResponseController(w).Hijack(); err != nil {
			t.Error(err)
		}
	}, nil)
	for range 20 { // tunnels that stay silent
		s.dial(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	c := s.dial(t, "GET / HTTP/1.1\r\n\r\n") // without Host
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("beside silent tunnels: %v, %v", answer, err)
	}
}
