package cli

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
)

// What the picker prints is a target that other commands accept, or an error that says why it cannot be one.
func TestTargetsThatArePrinted(t *testing.T) {
	for _, c := range []struct {
		session string
		json    bool
		want    string
	}{
		{"", false, "111122223333/Admin\n"},
		{"corp", false, "corp:111122223333/Admin\n"},
		{"https://d-1234567890.awsapps.com/start", false, ""},
		{"corp", true, `"session": "corp"`},
	} {
		var out bytes.Buffer
		a := &App{World: World{Stdout: &out}, json: c.json}
		err := a.printTarget(target{session: c.session, account: "111122223333", role: "Admin"})
		var hint *HintError
		if c.want == "" && (!errors.As(err, &hint) || hint.Code != ExitUsage || out.Len() != 0) ||
			c.want != "" && (err != nil || !bytes.Contains(out.Bytes(), []byte(c.want))) {
			t.Errorf("%q: %q, %v", c.session, out.String(), err)
		}
	}
}

// The picker's shell is the person's own.
func TestThePersonsShell(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("ComSpec counts there")
	}
	for set, want := range map[string]string{"SHELL=/usr/bin/fish": "/usr/bin/fish", "SHELL=": "/bin/sh"} {
		if got := (&App{World: World{Environ: []string{set}}}).shell(); got != want {
			t.Errorf("%s: %s", set, got)
		}
	}
}
