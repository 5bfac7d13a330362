package cli

import (
	"errors"
	"runtime"
	"testing"

	"rolecall/internal/filesystem"
)

// A refused undo says how to go back by hand.
func TestTheWayBackOverAForeignChange(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the hints of this test are for sh")
	}
	a := &App{World: World{Home: "/home/me"}}
	for backup, want := range map[string]string{
		"/home/me/.local/state/rolecall/backups/1": "cp ~/.local/state/rolecall/backups/1 ~/'my aws/config'",
		"/var/it's": `cp '/var/it'\''s' ~/'my aws/config'`,
		"":          "rm ~/'my aws/config'",
	} {
		err := a.explainEdit("/home/me/my aws/config", &filesystem.ForeignChangeError{Path: "config", Backup: backup})
		var hinted *HintError
		if !errors.As(err, &hinted) || hinted.Code != ExitConfiguration || hinted.Hint != want {
			t.Errorf("%q: %+v, want %s", backup, hinted, want)
		}
	}
}
