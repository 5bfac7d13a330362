//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Somebody else listens where the local Identity Center was: none of their answers gets into a config file, and
// nothing is sent to where they point.
func TestAnImpostorOnThePort(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	if err := os.Mkdir(socket, 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(socket, "operator.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	reached := make(chan string, 100)
	operator := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		reached <- r.URL.Path + " " + string(body)
		fmt.Fprint(w, `[{"accountId":"111122223333","accountName":"a",`+
			`"name":"x\n[default]\ncredential_process = /bin/false"}]`)
	})}
	go func() { _ = operator.Serve(listener) }()
	defer operator.Close()
	var answer atomic.Pointer[map[string]string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		_ = json.NewEncoder(w).Encode(*answer.Load())
	}))
	defer server.Close()
	good := map[string]string{
		"url": server.URL, "startUrl": server.URL + "/start", "region": "us-east-1",
		"instanceArn":     "arn:aws:sso:::instance/ssoins-0123456789abcdef",
		"identityStoreId": "d-0123456789", "awsStartUrl": "https://d-0123456789.awsapps.com/start",
		"account": "999900001111", "files": socket,
		"operator": filepath.Join(socket, "operator.sock"),
	}
	const poison = "\n[default]\ncredential_process = /bin/false"
	w := &served{home: filepath.Join(dir, "home")}
	if err := os.Mkdir(w.home, 0o700); err != nil {
		t.Fatal(err)
	}
	refuse := func(what string) {
		t.Helper()
		out := w.must(t, nil, "sh", "-c", "! rolecall idc configure --url "+server.URL+" 2>&1")
		config, err := os.ReadFile(filepath.Join(w.home, ".aws", "config"))
		if !os.IsNotExist(err) || strings.Contains(out, "Written") {
			t.Errorf("%s: %s\n%s", what, out, config)
		}
	}
	for name := range good {
		if name == "account" {
			continue
		}
		info := maps.Clone(good)
		info[name] += poison
		answer.Store(&info)
		refuse("a poisoned " + name)
	}
	answer.Store(&good)
	refuse("a poisoned role name")
	if len(reached) == 0 {
		t.Error("the socket was never reached: the last case proves nothing")
	}
	if os.Getuid() != 0 {
		return // only root can make another user's socket
	}
	for _, path := range []string{socket, filepath.Join(socket, "operator.sock")} {
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	for len(reached) > 0 {
		<-reached
	}
	out := w.must(t, nil, "sh", "-c", "echo secret-password | (! rolecall idc user passwd alice --url "+server.URL+
		" 2>&1)")
	if !strings.Contains(out, "not ours") || len(reached) > 0 {
		t.Errorf("a socket of another user: %s", out)
	}
	out = w.must(t, nil, "sh", "-c", "! rolecall idc env --proxy --url "+server.URL+" 2>&1")
	if !strings.Contains(out, "not ours") {
		t.Errorf("files of another user: %s", out)
	}
}
