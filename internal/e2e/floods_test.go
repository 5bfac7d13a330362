//go:build linux

package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/proof"
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
	proof.Note(t, "connections", 1100, 1100)
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
		_, err := fmt.Fprintf(conn, "POST /client/register HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n"+
			"Content-Length: %d\r\n\r\n%s", c.host, connection, len(body), body)
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

// signInForm is the address of the sign-in page, and a browser that has opened it.
func signInForm(t *testing.T, server string) (b *http.Client, address, form string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b = &http.Client{Jar: jar}
	page, err := b.Get(server + "/device") // leads there
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(page.Body)
	_ = page.Body.Close()
	found := regexp.MustCompile(`name="form" value="([^"]*)"`).FindSubmatch(text)
	if err != nil || found == nil {
		t.Fatalf("no form at %s: %v", page.Request.URL, err)
	}
	return b, page.Request.URL.String(), string(found[1])
}

// tries signs in with a password so many times, and returns the last status.
func tries(t *testing.T, server, password string, times int) (status int) {
	t.Helper()
	b, address, form := signInForm(t, server)
	for range times {
		answer, err := b.PostForm(address, url.Values{"form": {form}, "user": {"alice"}, "password": {password}})
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		status = answer.StatusCode
	}
	return status
}

// The operator's commands, and a restart, end a lock-out on the running server.
func TestALockOutEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sample := filepath.Join(dir, "directory.yaml")
	server := serve(t, filepath.Join(dir, "home"), "--data", filepath.Join(dir, "data"))
	seed := server.must(t, nil, "rolecall", "idc", "sample")
	if err := os.WriteFile(sample, []byte(seed), 0o600); err != nil {
		t.Fatal(err)
	}
	owner := func(command string) {
		t.Helper()
		server.must(t, []string{"ROLECALL_IDC_URL=" + server.url}, "sh", "-c", command)
	}
	owner("rolecall idc apply " + sample)
	const password = "correct-horse-alice"
	locked := func(what string) {
		t.Helper()
		if status := tries(t, server.url, "wrong", 6); status != http.StatusTooManyRequests {
			t.Fatalf("before %s: six wrong passwords get %d", what, status)
		}
		if status := tries(t, server.url, password, 1); status != http.StatusTooManyRequests {
			t.Fatalf("before %s: the right one gets %d", what, status)
		}
	}
	open := func(what string) {
		t.Helper()
		if status := tries(t, server.url, password, 1); status != http.StatusOK {
			t.Errorf("after %s: %d", what, status)
		}
	}
	locked("passwd")
	owner("echo " + password + " | rolecall idc user passwd alice")
	open("passwd")
	locked("reset")
	owner("rolecall idc export > exported.yaml && rolecall idc reset --yes && rolecall idc apply exported.yaml && " +
		"rm exported.yaml") // with the same hashes
	open("reset")
	locked("a restart")
	server.args = append(server.args, "--no-limits")
	server.restart(t, syscall.SIGTERM)
	open("a restart")
	if status := tries(t, server.url, "wrong", 20); status != http.StatusForbidden {
		t.Errorf("without limits: %d", status)
	}
}

// Beyond loopback device codes are off unless switched on.
func TestDeviceCodesBeyondThisMachine(t *testing.T) {
	dir := t.TempDir()
	certificate, key, roots := selfSigned(t, dir)
	for _, on := range []bool{false, true} {
		free, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
		_ = free.Close()
		args := []string{
			"--listen", "0.0.0.0:" + port, "--public-url", "https://127.0.0.1:" + port, "--tls-cert", certificate,
			"--tls-key", key,
		}
		if on {
			args = append(args, "--device")
		}
		server := serve(t, filepath.Join(dir, "home"), args...)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		client := &http.Client{Transport: transport}
		post := func(path, body string) (status int, answer map[string]any) {
			t.Helper()
			r, err := client.Post(server.url+path, "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
				t.Fatal(err)
			}
			return r.StatusCode, answer
		}
		_, c := post("/client/register", `{"clientName":"x","clientType":"public"}`)
		status, answer := post("/device_authorization", fmt.Sprintf(
			`{"clientId":%q,"clientSecret":%q,"startUrl":%q}`, c["clientId"], c["clientSecret"], server.url+"/start"))
		if on != (status == http.StatusOK) {
			t.Errorf("--device %v: %d %v", on, status, answer)
		}
		transport.CloseIdleConnections()
		server.stop(syscall.SIGTERM)
	}
}
