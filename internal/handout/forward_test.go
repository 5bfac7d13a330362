package handout_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/handout"
)

// A forwarder passes bytes on both ways, many connections at a time, and ends with its context.
func TestForward(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Host, r.URL.Path, body)
	}))
	defer server.Close()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	reachable, failures := true, 0
	ended := make(chan error)
	go func() {
		ended <- handout.Forward(ctx, listener, func(ctx context.Context) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if !reachable {
				return nil, errors.New("not there")
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
		}, func(error) {
			mu.Lock()
			defer mu.Unlock()
			failures++
		})
	}()
	host := listener.Addr().String()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			want := fmt.Sprintf("%s /%d %s", host, i, strings.Repeat("x", 1000*i))
			answer, err := client.Post("http://"+host+fmt.Sprintf("/%d", i), "", strings.NewReader(strings.Repeat("x", 1000*i)))
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			if body, err := io.ReadAll(answer.Body); err != nil || string(body) != want {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
	all.Wait()
	mu.Lock()
	reachable = false
	mu.Unlock()
	if _, err := client.Get("http://" + host); err == nil {
		t.Error("answered without a server")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := client.Get("http://" + host); err == nil {
		t.Error("answered after the end")
	}
	mu.Lock()
	defer mu.Unlock()
	if failures == 0 {
		t.Error("a failure was not told")
	}
}
