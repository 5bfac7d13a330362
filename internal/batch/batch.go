// Package batch runs one command for many targets at a time, each with its own environment, and passes on what they
// print, line by line. It keeps to itself how children are started, stopped and read; where their credentials come
// from, and what a failure is called, is up to its caller.
package batch

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// A Target is one role in one account.
type Target struct {
	Session   string // untrusted text; empty if all targets share one
	AccountID string
	Account   string // the person's name for it: untrusted text
	Name      string // AWS's name for it: untrusted text, may be empty
	Role      string
}

// An End is the outcome for a target.
type End struct {
	Target
	// NotRun: the run was stopped before the command began.
	NotRun bool
	// Code is the command's exit code, 128 and the signal that killed it, or that of
	// an error before it ran.
	Code int
	// Err says why there is no exit code of the command itself: no credentials, a command that does not start, a signal.
	Err      error
	Duration time.Duration // from the start of its turn, credentials included
}

// Failed reports whether the command ran, or should have, and did not succeed.
func (e End) Failed() bool { return !e.NotRun && e.Code != 0 }

// A Batch is one run of a command.
type Batch struct {
	Path string   // of the program
	Argv []string // its name first
	// Environment returns the environment for a target.
	Environment func(context.Context, Target) ([]string, error)
	// Code returns the exit code for an error of Environment.
	Code     func(error) int
	Parallel int // how many run at a time
	// StopOnError starts no more after the first failure. Running commands are left to finish: halfway through a change
	// is the worst place to stop.
	StopOnError bool
	Output      Output
	// Around, unless nil, starts a command by calling what it is given.
	Around func(start func() error) error

	interrupt context.CancelCauseFunc

	mu      sync.Mutex
	stopped bool
	running map[*os.Process]bool
}

// errInterrupted means that a signal stopped the run; errFailed, that a failure did.
var (
	errInterrupted = errors.New("interrupted")
	errFailed      = errors.New("stopped after a failure")
)

// Run runs the command for all targets and returns their ends, in the same order. When ctx ends, no more start, and
// running ones are waited for. The error is from writing their output, after which no more start either.
func (b *Batch) Run(ctx context.Context, targets []Target) ([]End, error) {
	alive, interrupt := context.WithCancelCause(ctx) // ends when a signal came
	defer interrupt(nil)
	going, stop := context.WithCancelCause(alive) // ends when no more are to start
	defer stop(nil)
	b.mu.Lock()
	b.interrupt, b.running = interrupt, map[*os.Process]bool{}
	if b.stopped {
		interrupt(errInterrupted)
	}
	b.mu.Unlock()

	out := newPrinter(b.Output, targets, func(err error) { stop(err) })
	ends := make([]End, len(targets))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(b.Parallel, len(targets)) {
		workers.Go(func() {
			for n := range next {
				ends[n] = b.one(alive, going, targets[n], func(stream string) lineWriter { return out.lines(n, stream) })
				out.ended(n, ends[n])
				if b.StopOnError && ends[n].Failed() {
					stop(errFailed)
				}
			}
		})
	}
	for n := range targets {
		next <- n
	}
	close(next)
	workers.Wait()
	return ends, out.failed()
}

// Signal sends a signal to all running commands. With last, no more start.
func (b *Batch) Signal(s os.Signal, last bool) {
	b.stop(last, func(p *os.Process) { send(p, s) })
}

func (b *Batch) stop(last bool, each func(*os.Process)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p := range b.running {
		each(p)
	}
	if last {
		b.stopped = true
		if b.interrupt != nil {
			b.interrupt(errInterrupted)
		}
	}
}

// one runs the command for one target.
func (b *Batch) one(alive, going context.Context, t Target, lines func(stream string) lineWriter) End {
	e := End{Target: t, NotRun: true}
	if going.Err() != nil {
		return e
	}
	began := time.Now()
	environ, err := b.Environment(going, t)
	switch {
	case err != nil && going.Err() != nil:
		return e
	case err != nil:
		e.NotRun, e.Code, e.Err = false, b.Code(err), err
	default:
		e.NotRun, e.Code, e.Err = b.run(alive, going, environ, lines)
	}
	e.Duration = time.Since(began)
	return e
}
