// Package picker lets a person at a terminal choose one row of many by typing parts of
// what is in it. It draws on the terminal that it is given and nowhere else, and leaves
// it as it found it. It keeps to itself how rows are matched and drawn; what a choice
// leads to is its caller's.
package picker

import (
	"context"
	"errors"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"
)

// An Item is a row: a role in an account. All its texts may be foreign.
type Item struct {
	Key     string // tells it from all others, also in a later Update
	Name    string // of the account; Alias is the person's own name for it
	Alias   string
	ID      string
	Role    string
	Email   string
	Tags    []string
	Roles   []string // all of the account
	Guarded bool     // a choice is asked about once more
	Score   float64  // of two equally good rows, the higher comes first
}

// An Action is what a key does with the chosen row.
type Action struct {
	Name string // what Run gives
	Key  string // as bubbletea writes it: enter, ctrl+e
	Does string // in a word or two
}

// An Update replaces what is shown while the person chooses.
type Update struct {
	Items  []Item // nil: the rows stay
	Status string // one line, such as how far a listing is
}

// Options are what a person chooses from, and where.
type Options struct {
	In      *os.File
	Out     io.Writer
	Environ []string // TERM, NO_COLOR and the like
	Query   string   // as if typed already
	Actions []Action // the first one is Enter's
	Update           // the first rows
	// Updates, when not nil, brings more while the picker is open.
	Updates <-chan Update
}

// A Choice is a row and what to do with it.
type Choice struct {
	Item   Item
	Action string
}

// ErrNothing means that the person left without a choice.
var ErrNothing = errors.New("nothing was chosen")

// Run shows the picker until the person has chosen, or left (ErrNothing), or ctx ends
// (its cause).
func Run(ctx context.Context, o Options) (Choice, error) {
	m := newModel(o)
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(o.Environ), tea.WithoutSignalHandler())
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case u, more := <-o.Updates:
				if !more {
					return
				}
				p.Send(u)
			case <-ended:
				return
			}
		}
	}()
	_, err := p.Run()
	switch {
	case ctx.Err() != nil:
		return Choice{}, context.Cause(ctx)
	case err != nil:
		return Choice{}, err
	case m.chosen == nil:
		return Choice{}, ErrNothing
	}
	return *m.chosen, nil
}
