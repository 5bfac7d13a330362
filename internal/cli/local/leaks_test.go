package local

import (
	"testing"

	"go.uber.org/goleak"
)

// The goroutine that is ignored serves all of Windows' pipes for as long as the process lives (go-winio).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/Microsoft/go-winio.ioCompletionProcessor"))
}
