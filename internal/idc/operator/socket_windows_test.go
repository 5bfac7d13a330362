package operator_test

import (
	"errors"
	"strings"
	"testing"

	"rolecall/internal/idc/operator"
)

// A data directory has one pipe, however it is spelled; without a server nobody answers.
func TestOnePipeForADirectory(t *testing.T) {
	dir := t.TempDir()
	listener, err := operator.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if second, err := operator.Listen(strings.ToUpper(dir)); err == nil {
		_ = second.Close()
		t.Error("a second pipe was made")
	}
	path, err := operator.SocketPath(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Dial(path); !errors.Is(err, operator.ErrNobody) {
		t.Errorf("nobody listens: %v", err)
	}
}
