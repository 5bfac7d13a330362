// Command load measures the embedded Identity Center under load, next to a bare net/http handler in the same run:
// role credentials, durable refreshes, pages of accounts, and the start with a large directory.
//
//	load BIN           where BIN is the folder with rolecall
//	load -scale BIN    instead, rolecall for a person with 20,000 roles
//	load -serve BIN    instead, keys handed out by rolecall serve
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	bare := flag.Bool("bare", false, "serve a handler that does nothing")
	many := flag.Bool("scale", false, "measure the client of a person with 20,000 roles")
	hands := flag.Bool("serve", false, "measure rolecall serve")
	flag.Parse()
	var err error
	switch {
	case *many && flag.NArg() == 1:
		err = scale(flag.Arg(0))
	case *hands && flag.NArg() == 1:
		err = served(flag.Arg(0))
	case *bare:
		err = serveBare()
	case flag.NArg() == 1:
		err = run(flag.Arg(0))
	default:
		err = errors.New("usage: load [-scale | -serve] BIN")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// The size of the directory.
const (
	users       = 10_000
	accounts    = 5_000
	assignments = 200_000
)

const (
	connections = 50
	measureFor  = 4 * time.Second
	quietFor    = 75 * time.Second // a minute, and the next step of housekeeping
)

func run(bin string) error {
	dir, err := os.MkdirTemp("", "rolecall-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("a directory of %d users, %d accounts, %d assignments …\n", users, accounts, assignments)
	if err := fill(filepath.Join(dir, "data")); err != nil {
		return err
	}
	plain, err := launch(os.Args[0], "-bare")
	if err != nil {
		return err
	}
	defer plain.stop()
	server, err := launch(filepath.Join(bin, "rolecall"), "idc", "serve", "--port", "0", "--data",
		filepath.Join(dir, "data"), "--no-limits")
	if err != nil {
		return err
	}
	defer server.stop()
	memory := server.memory()
	c, err := signIn(server.url)
	if err != nil {
		return err
	}
	fmt.Printf("%-34s %10s %9s %9s %9s\n", "", "per s", "median", "p99", "errors")
	bare, err := measure("bare net/http handler", connections,
		func(n int) (*http.Request, error) { return http.NewRequest(http.MethodGet, plain.url, nil) })
	if err != nil {
		return err
	}
	if err := c.measureAll(bare); err != nil {
		return err
	}
	fmt.Printf("\nstart with that directory: %.0f ms to the first answer (goal 300), %.0f MB then (goal 250), %.0f MB "+
		"after the load\n",
		float64(server.took.Microseconds())/1000, memory, server.memory())
	time.Sleep(quietFor)
	fmt.Printf("%.0f MB after a quiet minute (goal 60)\n", server.memory())
	return nil
}

// serveBare answers every request alike, until it is stopped.
func serveBare() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"roleCredentials":{}}`))
		}),
	}
	fmt.Printf("ready http://%s\n", listener.Addr())
	return server.Serve(listener)
}

// A process is a server that was launched.
type process struct {
	cmd  *exec.Cmd
	url  string
	took time.Duration // to its first answer
}

func launch(name string, args ...string) (*process, error) {
	begun := time.Now()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		address, ready := strings.CutPrefix(lines.Text(), "ready ")
		if !ready {
			continue
		}
		response, err := http.Get(address + "/health")
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
		p := &process{cmd: cmd, url: address, took: time.Since(begun)}
		go func() {
			for lines.Scan() { // so that it never waits for us to read
			}
		}()
		return p, nil
	}
	return nil, errors.Join(fmt.Errorf("%s said nothing of being ready", name), lines.Err(), cmd.Wait())
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// memory is the resident set in MB, from /proc.
func (p *process) memory() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var kilobytes float64
	if _, rest, ok := strings.Cut(string(text), "VmRSS:"); ok {
		_, _ = fmt.Sscan(rest, &kilobytes)
	}
	return kilobytes / 1024
}
