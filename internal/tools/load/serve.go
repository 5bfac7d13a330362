package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// served measures rolecall serve: keys from its memory, over connections that stay and over one for each request, which
// is what SDKs do.
func served(bin string) error {
	dir, err := os.MkdirTemp("", "rolecall-served-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := fillMany(filepath.Join(dir, "data")); err != nil {
		return err
	}
	center, err := launch(filepath.Join(bin, "rolecall"), "idc", "serve", "--port", "0", "--data",
		filepath.Join(dir, "data"), "--no-limits")
	if err != nil {
		return err
	}
	defer center.stop()
	c, err := signIn(center.url)
	if err != nil {
		return err
	}
	p := person{rolecall: filepath.Join(bin, "rolecall"), home: filepath.Join(dir, "home"), url: center.url}
	if err := p.settle(c.token); err != nil {
		return err
	}
	server, uri, token, err := p.serve(accountID(0) + "/Role00")
	if err != nil {
		return err
	}
	defer server.stop()
	fmt.Printf("\nrolecall serve, at %.0f MB before the first request\n", server.memory())
	for _, way := range []struct {
		name  string
		close bool
		many  int
	}{
		{"keys, 16 connections that stay", false, 16},
		{"keys, a connection for each request", true, 16},
		{"keys, one request at a time", true, 1},
	} {
		_, err := measure(way.name+" (goal 500/s, p99 5 ms)", way.many, func(int) (*http.Request, error) {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, uri, nil)
			if err == nil {
				r.Header.Set("Authorization", token)
				r.Close = way.close
			}
			return r, err
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("memory after that: %.0f MB (goal 30)\n", server.memory())
	return nil
}

// serve starts rolecall serve of one target, and returns where it answers.
func (p person) serve(target string) (server *process, uri, token string, err error) {
	cmd := p.command("serve", "--json", target)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", "", err
	}
	lines := bufio.NewScanner(out)
	var said struct {
		Ready struct {
			Targets []struct{ URI, TokenFile string }
		}
	}
	if !lines.Scan() {
		return nil, "", "", errors.Join(errors.New("serve said nothing"), cmd.Wait())
	}
	if err := json.Unmarshal(lines.Bytes(), &said); err != nil || len(said.Ready.Targets) != 1 {
		return nil, "", "", fmt.Errorf("serve said %s: %w", lines.Text(), err)
	}
	text, err := os.ReadFile(said.Ready.Targets[0].TokenFile)
	return &process{cmd: cmd}, said.Ready.Targets[0].URI, string(text), err
}
