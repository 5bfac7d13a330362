//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rolecall/internal/proof"
)

// Somebody else listens where the local Identity Center was: commands believe nothing that he answers, and read no path
// that he names, whether he runs as another user or not.
func TestAnImpostorOnThePort(t *testing.T) {
	s := serve(t, filepath.Join(t.TempDir(), "home"))
	good := s.must(t, nil, "rolecall", "idc", "env", "--url", s.url)
	if !strings.Contains(good, "AWS_ENDPOINT_URL_SSO='"+s.url+"'") {
		t.Fatal(good)
	}
	s.must(t, nil, "rolecall", "idc", "env", "--url", strings.Replace(s.url, "127.0.0.1", "LOCALHOST", 1)+"/")
	s.stop(syscall.SIGKILL) // what it has announced stays
	impostor, asked := startImpostor(t, strings.TrimPrefix(s.url, "http://"))
	for _, command := range []string{
		"idc env", "idc env --proxy", "idc run -- env", "idc configure", "idc configure --proxy", "idc apply /dev/null",
		"idc user passwd alice", "idc export", "idc faults playing",
	} {
		for _, url := range []string{s.url, strings.Replace(s.url, "127.0.0.1", "localhost", 1), s.url + "/"} {
			script := fmt.Sprintf("echo secret-password | rolecall %s 2>&1; echo code $?",
				strings.Replace(command+" ", " ", " ", 1)+"--url "+url)
			if before, after, separated := strings.Cut(command, " -- "); separated {
				script = fmt.Sprintf("rolecall %s --url %s -- %s 2>&1; echo code $?", before, url, after)
			}
			out := s.must(t, nil, "sh", "-c", script)
			if !strings.Contains(out, "may not be yours, so it is not used") || !strings.HasSuffix(out, "code 7\n") {
				t.Errorf("%s: %s", script, out)
			}
			proof.Note(t, "users", 1, 1)
		}
	}
	if n := len(asked); n > 0 {
		t.Errorf("the impostor was asked %d times: %s", n, <-asked)
	}
	config := filepath.Join(s.home, ".aws", "config")
	if text, err := os.ReadFile(config); !os.IsNotExist(err) {
		t.Errorf("%s was written:\n%s", config, text)
	}
	if err := impostor.Close(); err != nil {
		t.Error(err)
	}
	out := s.must(t, nil, "sh", "-c", "rolecall idc env --url "+s.url+" 2>&1; echo code $?")
	if !strings.Contains(out, "no local Identity Center answers") || !strings.HasSuffix(out, "code 5\n") {
		t.Errorf("nobody: %s", out)
	}
}

// startImpostor answers at address as a local Identity Center would, with files of his own, and returns what he was
// asked.
func startImpostor(t *testing.T, address string) (server *http.Server, asked chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	asked = make(chan string, 1000)
	files := t.TempDir()
	server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		_ = json.NewEncoder(w).Encode(map[string]string{
			"url": "http://" + address, "startUrl": "http://" + address + "/start", "region": "us-east-1",
			"instanceArn":     "arn:aws:sso:::instance/ssoins-0123456789abcdef",
			"identityStoreId": "d-0123456789", "awsStartUrl": "https://d-0123456789.awsapps.com/start",
			"account": "999900001111", "files": files, "operator": filepath.Join(files, "operator.sock"),
		})
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return server, asked
}

// What a server has announced counts only if this user made the socket, and nobody else can change its folder.
func TestAnAnnouncedSocketOfSomebodyElse(t *testing.T) {
	requireRoot(t)
	s := serve(t, filepath.Join(t.TempDir(), "home"), "--data", filepath.Join(t.TempDir(), "data"))
	data := s.args[len(s.args)-1]
	refused := func(what string) {
		t.Helper()
		out := s.must(t, nil, "sh", "-c", "rolecall idc env --url "+s.url+" 2>&1; echo code $?")
		if !strings.Contains(out, "not owned by you") || strings.Contains(out, "AWS_ENDPOINT") {
			t.Errorf("%s: %s", what, out)
		}
		proof.Note(t, "users", 1, 1)
	}
	socket := filepath.Join(data, "operator.sock")
	for _, path := range []string{socket, data} {
		if err := os.Chown(path, stranger, stranger); err != nil {
			t.Fatal(err)
		}
		refused(path + " of another user")
		if err := os.Chown(path, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	refused("a folder for everybody")
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	s.must(t, nil, "rolecall", "idc", "env", "--url", s.url)
	s.must(t, nil, "rolecall", "idc", "env", "--data", data)
}
