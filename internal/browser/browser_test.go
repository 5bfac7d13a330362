//go:build unix

package browser

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const page = "https://d-1234567890.awsapps.com/start?x=$(id)&y='"

// script makes an opener that notes its arguments, prints something, and exits.
func script(t *testing.T, exit string) (path, noted string) {
	t.Helper()
	dir := t.TempDir()
	path, noted = filepath.Join(dir, "opener"), filepath.Join(dir, "noted")
	text := "#!/bin/sh\nprintf '%s\\n' \"$@\" > " + noted + "\necho chatter\nexit " + exit + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, noted
}

func TestTheAddressReachesTheOpenerAsItIs(t *testing.T) {
	failing, _ := script(t, "1")
	for name, x := range map[string]struct{ before, after, want string }{
		"alone": {"", "", page + "\n"}, "in place of %s": {"", " --new %s --end", "--new\n" + page + "\n--end\n"},
		"after others": {"no-such-program:" + failing + ":", " --new", "--new\n" + page + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path, noted := script(t, "0")
			var stderr bytes.Buffer
			if err := Open(t.Context(), x.before+path+x.after, page, &stderr); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(noted); err != nil || string(got) != x.want {
				t.Errorf("got %q, %v", got, err)
			}
			if !bytes.Contains(stderr.Bytes(), []byte("chatter")) {
				t.Error("what the opener says went elsewhere")
			}
		})
	}
}

func TestOnlyWebAddressesAreOpened(t *testing.T) {
	path, noted := script(t, "0")
	for _, address := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "http://example.com/",
		"https://u:p@example.com/", "--help", "", "http://127.0.0.1.example.com/",
	} {
		if err := Open(t.Context(), path, address, os.Stderr); err == nil {
			t.Errorf("%q was opened", address)
		}
	}
	if _, err := os.Stat(noted); err == nil {
		t.Error("the opener was started")
	}
	if err := Open(t.Context(), "no-such-program", page, os.Stderr); !errors.Is(err, ErrNone) {
		t.Errorf("without an opener: %v", err)
	}
}

func TestWhereABrowserIsLikely(t *testing.T) {
	for _, x := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"DISPLAY": ":0"}, true},
		{map[string]string{"DISPLAY": ":0", "SSH_CONNECTION": "x"}, false},
		{map[string]string{"WSL_DISTRO_NAME": "x"}, true},
	} {
		if got := Available(func(v string) string { return x.env[v] }); got != x.want {
			t.Errorf("%v: %v", x.env, got)
		}
	}
}
