// Package picker lets a person at a terminal choose one of many accounts and roles by typing parts of them. It takes
// the rows and returns the choice; it keeps to itself how rows are matched, ranked and drawn, and leaves the terminal
// as it was.
package picker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	tea "charm.land/bubbletea/v2"
)

// An Account is what the rows of one account share. Its texts are untrusted; they are made harmless when shown.
type Account struct {
	Session string // the sso-session that it is reached by; empty if there is no other
	ID      string
	Name    string
	Alias   string // the person's own name for it
	Email   string
	Tags    []string
	Roles   []string // all that the person has there
	Region  string   // where the person works in it, if that is known
}

// An Item is one role in one account: what a person chooses.
type Item struct {
	*Account
	Role     string
	Guarded  bool    // Guarded actions need confirmation
	Frecency float64 // how often and how recently it was used; the order when nothing is typed
}

// An Action is what is done with the choice.
type Action struct {
	Name    string // for the caller
	Key     string // as in ctrl+e
	Does    string // "opens a shell": the whole sentence begins with the key
	Short   string // "env": where there is little room
	Guarded bool   // needs confirmation for a guarded account
}

// A Choice is what was chosen, and what to do with it.
type Choice struct {
	Item
	Action string // the Name of one of the actions
}

// An Update replaces the rows while the picker is open.
type Update struct {
	Items  []Item // nil: they stay
	Status string // shown above the details: how old the rows are, how far a listing is
}

// Options are a picker's terminal, rows and actions.
type Options struct {
	In, Out *os.File // the terminal
	Environ []string // of the person: TERM, NO_COLOR
	Query   string   // typed already
	Stays   bool     // Ctrl-Z does not suspend it: a shell waits for the answer
	Actions []Action // the first is Enter's
	Update           // what is there at first
	// Facts says what else is known of an item, in a few words; it is asked for the selected one. It may be nil.
	Facts   func(Item) string
	Updates <-chan Update // updates while it is open, until the sender closes it; may be nil
}

var (
	// ErrNothing means that the person left without a choice.
	ErrNothing = errors.New("nothing was picked")
	// ErrNoTerminal means that the terminal cannot draw a screen.
	ErrNoTerminal = errors.New("the picker needs a terminal that can move its cursor")
)

// Pick lets the person choose. When ctx ends, the error is its cause. The terminal is restored in any case.
func Pick(ctx context.Context, o Options) (Choice, error) {
	if name := lookup(o.Environ, "TERM"); name == "dumb" || name == "" && runtime.GOOS != "windows" {
		return Choice{}, fmt.Errorf("%w: TERM is %q", ErrNoTerminal, name)
	}
	m := &safe{model: newModel(o)}
	keys := newKeyboard(o.In)
	m.suspends = !o.Stays && canSuspend()
	m.done = func(leaves bool) { keyDone(keys, leaves) }
	program := tea.NewProgram(m, tea.WithInput(keys), tea.WithOutput(o.Out), tea.WithEnvironment(o.Environ),
		tea.WithoutSignalHandler())
	m.quit = program.Quit
	// Not tea.WithContext: it would return while the keyboard is still being read.
	stop := context.AfterFunc(ctx, program.Quit)
	defer stop()
	_, err := program.Run()
	if crash := m.crash.Load(); crash != nil {
		_, _ = fmt.Fprintf(o.Out, "panic: %v\n\n%s", crash.value, crash.stack) // for the bug report
		return Choice{}, fmt.Errorf("the picker crashed: %v", crash.value)
	}
	switch {
	case m.choice != nil:
		return *m.choice, nil
	case ctx.Err() != nil:
		return Choice{}, context.Cause(ctx)
	case err != nil:
		return Choice{}, fmt.Errorf("the picker: %w", err)
	}
	return Choice{}, ErrNothing
}

func lookup(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if entry := environ[i]; len(entry) > len(name) && entry[len(name)] == '=' && entry[:len(name)] == name {
			return entry[len(name)+1:]
		}
	}
	return ""
}
