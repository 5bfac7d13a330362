//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A server that keeps a data directory, and the commands of its owner, over a named pipe; and without a server.
func windowsServer(t *testing.T, w *wine) {
	p := w.person(t)
	if err := os.Link(filepath.Join(w.bin, "rolecall.exe"), filepath.Join(w.bin, "server.exe")); err != nil {
		t.Fatal(err)
	}
	p.write("more.yaml", "users:\n  - {name: emil, display_name: Emil E}\n")
	address := p.serve("data")
	if out := p.must("rolecall", "idc", "apply", "more.yaml", "--data", "data"); !strings.Contains(out, "+ user emil") {
		t.Errorf("idc apply:\n%s", out)
	}
	for _, where := range [][]string{{"--data", "data"}, {"--url", address}} {
		out := p.must("rolecall", slices.Concat([]string{"idc", "audit"}, where)...)
		if !strings.Contains(out, "Apply") {
			t.Errorf("idc audit %v:\n%s", where, out)
		}
	}
	p.must("rolecall", "idc", "faults", "play", "--url", address, "html@credentials")
	if out := p.must("rolecall", "idc", "faults", "playing", "--url", address); out != "html@credentials\n" {
		t.Errorf("idc faults playing:\n%s", out)
	}
	code, _, stderr := p.run("rolecall", "idc", "serve", "--port", "0", "--data", "data")
	if code == 0 || !strings.Contains(stderr, "another rolecall is using this data directory") {
		t.Errorf("a second server: exit code %d\n%s", code, stderr)
	}
	p.must("rolecall", "idc", "configure", "--url", address, "--session", "own")
	if out := p.must("rolecall", "config", "show"); !strings.Contains(out, "[sso-session own]") {
		t.Errorf("config show:\n%s", out)
	}
	if n, err := w.endAll("server"); n != 1 || err != nil {
		t.Fatalf("%d servers were ended: %v", n, err)
	}
	if out := p.must("rolecall", "idc", "export", "--data", "data"); !strings.Contains(out, "- name: emil") {
		t.Errorf("idc export after the server was killed:\n%s", out)
	}
	p.must("rolecall", "idc", "reset", "--data", "data", "--yes")
}

// serve starts a server with a data directory, and returns its address. It ends with endAll, or with the test.
func (p *windowsPerson) serve(data string) string {
	p.t.Helper()
	cmd := p.wine.command(p.home, p.environ(), "server", "idc", "serve", "--port", "0", "--data", data)
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	limit := time.AfterFunc(storyTimeout, func() { _, _ = p.wine.endAll("server") })
	p.t.Cleanup(func() {
		limit.Stop()
		if _, err := p.wine.endAll("server"); err != nil {
			p.t.Error(err)
		}
		defer time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "ready "); ok {
			return address
		}
	}
	p.t.Fatalf("the server is not ready: %v\n%s", lines.Err(), problems.String())
	return ""
}
