package batch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Exit codes of a command that did not run, as in shells.
const (
	NotExecutable = 126
	NotFound      = 127
)

// Look finds a command in PATH. With an error it returns one of the exit codes above.
func Look(name string) (path string, code int, err error) {
	path, err = exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		err = nil // a person with the current folder in PATH means it
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		code = NotExecutable
	case err != nil:
		code = NotFound
	}
	return path, code, errors.Unwrap(err)
}

// afterwards is how long to wait for the output of an interrupted command once it has ended: processes it left behind
// may hold it open.
const afterwards = time.Second

// run runs the command once. Its streams are read until they end: background processes it leaves behind are part of
// it, as in a shell's pipe.
func (b *Batch) run(
	alive, going context.Context, environ []string, lines func(stream string) lineWriter,
) (notRun bool, code int, err error) {
	child := &exec.Cmd{Path: b.Path, Args: b.Argv, Env: environ} // stdin is /dev/null
	apart(child)
	var reading sync.WaitGroup
	var ends []*os.File
	defer func() {
		for _, end := range ends {
			_ = end.Close()
		}
	}()
	pipe := func(stream string) *os.File {
		r, w, e := os.Pipe()
		if e != nil {
			err = errors.Join(err, e)
			return nil
		}
		ends = append(ends, r, w)
		reading.Go(func() { readLines(r, lines(stream)) })
		return w
	}
	stdout, stderr := pipe("stdout"), pipe("stderr")
	if err != nil {
		return false, NotExecutable, err
	}
	child.Stdout, child.Stderr = stdout, stderr
	notRun, err = b.start(going, child)
	_, _ = stdout.Close(), stderr.Close() // the child's are its own
	switch {
	case notRun:
		return true, 0, nil
	case err != nil:
		return false, NotExecutable, err
	}
	err = child.Wait()
	b.ended(child.Process)
	untilRead(alive, &reading, ends)
	if child.ProcessState == nil {
		return false, NotExecutable, err
	}
	code, err = Ending(child.ProcessState)
	return false, code, err
}

// start starts the command, unless the run was stopped: a signal either reaches a command, or prevents its start.
func (b *Batch) start(going context.Context, child *exec.Cmd) (notRun bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped || going.Err() != nil {
		return true, nil
	}
	start := child.Start
	if b.Around != nil {
		start = func() error { return b.Around(child.Start) }
	}
	if err := start(); err != nil {
		return false, err
	}
	b.running[child.Process] = true
	return false, nil
}

func (b *Batch) ended(p *os.Process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.running, p)
}

// untilRead waits for the end of the streams, but not for long after an interrupt.
func untilRead(alive context.Context, reading *sync.WaitGroup, ends []*os.File) {
	read := make(chan struct{})
	go func() {
		reading.Wait()
		close(read)
	}()
	select {
	case <-read:
		return
	case <-alive.Done():
	}
	select {
	case <-read:
	case <-time.After(afterwards):
		for _, end := range ends {
			_ = end.Close()
		}
		<-read
	}
}
