package picker

import (
	"runtime/debug"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
)

// A crash is a panic of the model.
type crash struct {
	value any
	stack []byte
}

// A safe is a model whose panics end the program as a key would. After a panic of its own, bubbletea
// closes the keyboard's reader without waiting for the goroutine that is still reading from it.
type safe struct {
	*model
	quit  func()                // of the program; it may block
	crash atomic.Pointer[crash] // the first one; commands run in goroutines of their own
}

// catch is deferred where the model is called.
func (s *safe) catch() {
	if value := recover(); value != nil {
		s.crash.CompareAndSwap(nil, &crash{value, debug.Stack()})
		go s.quit() // the loop that takes it may be what calls us
	}
}

// Init implements tea.Model.
func (s *safe) Init() tea.Cmd { return s.command(s.model.Init()) }

// Update implements tea.Model. After a crash, the model is left alone.
func (s *safe) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	next = s
	if s.crash.Load() == nil {
		defer s.catch()
		_, cmd = s.model.Update(msg)
	}
	return next, s.command(cmd)
}

// View implements tea.Model. After a crash, the screen is empty until the program has ended.
func (s *safe) View() (v tea.View) {
	if s.crash.Load() != nil {
		return v
	}
	defer s.catch()
	return s.model.View()
}

func (s *safe) command(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer s.catch()
		return cmd()
	}
}
