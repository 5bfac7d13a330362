package operator_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A connection whose request is too large is closed half a second later (net/http); on Windows one goroutine serves all
// pipes for as long as the process lives (go-winio).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"),
		goleak.IgnoreAnyFunction("github.com/Microsoft/go-winio.ioCompletionProcessor"))
}
