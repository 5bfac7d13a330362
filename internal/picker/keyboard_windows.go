package picker

import "os"

// A keyboard is the console. bubbletea reads its events only from an os.File.
type keyboard = os.File

func newKeyboard(in *os.File) *keyboard { return in }

func keyDone(*keyboard, bool) {}

func canSuspend() bool { return false }
