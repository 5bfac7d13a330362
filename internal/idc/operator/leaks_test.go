package operator_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A connection whose request is too large is closed half a second later (net/http).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
