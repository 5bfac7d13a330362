//go:build unix

package browser

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
		"with quotes":  {"", ` "a b" 'x=%s'`, "a b\nx=" + page + "\n"},
		"background":   {"", " %s &", page + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path, noted := script(t, "0")
			var stderr bytes.Buffer
			if err := opener(&stderr, ignore).Open(x.before+path+x.after, page); err != nil {
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

// A program in a folder with blanks, in quotes or as it is.
func TestAPathWithBlanks(t *testing.T) {
	for _, quote := range []string{"", `"`, "'"} {
		path, noted := script(t, "0")
		moved := filepath.Join(filepath.Dir(path), "my opener")
		if err := os.Rename(path, moved); err != nil {
			t.Fatal(err)
		}
		if err := opener(io.Discard, ignore).Open(quote+moved+quote, page); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(noted); err != nil || string(got) != page+"\n" {
			t.Errorf("%q: got %q, %v", quote, got, err)
		}
	}
}

// An opener that fails only after a while is followed by the next one; without one, that is said.
func TestALateFailureIsNoticed(t *testing.T) {
	slow := func() string {
		path, _ := script(t, "1")
		late := filepath.Join(t.TempDir(), "late")
		if err := os.WriteFile(late, []byte("#!/bin/sh\nsleep 0.5\nexec "+path+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return late
	}
	path, noted := script(t, "0")
	if err := opener(io.Discard, ignore).Open(slow()+":"+path, page); err != nil {
		t.Fatal(err)
	}
	for try := 0; ; try++ {
		if got, err := os.ReadFile(noted); err == nil && string(got) == page+"\n" {
			break
		}
		if try > 500 {
			t.Fatal("the next opener was not tried")
		}
		time.Sleep(20 * time.Millisecond)
	}
	said := make(chan error, 1)
	if err := opener(io.Discard, func(err error) { said <- err }).Open(slow(), page); err != nil {
		t.Fatal(err)
	}
	if err := <-said; !strings.Contains(err.Error(), "did not open the page: exit status 1") {
		t.Errorf("told: %v", err)
	}
}

func ignore(error) {}

func opener(stderr io.Writer, failed func(error)) Opener {
	return Opener{Stderr: stderr, Failed: failed, Around: func(start func() error) error { return start() }}
}

func TestABrowserThatIsNotThereIsNamed(t *testing.T) {
	for command, names := range map[string]string{
		"no-such-program:other-program --x": "no-such-program, other-program",
		" : 'not closed":                    "'not closed",
	} {
		err := opener(io.Discard, ignore).Open(command, page)
		if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "BROWSER is "+names+", which") {
			t.Errorf("%q: got %v", command, err)
		}
	}
}

func TestOnlyWebAddressesAreOpened(t *testing.T) {
	path, noted := script(t, "0")
	for _, address := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "http://example.com/",
		"https://u:p@example.com/", "--help", "", "http://127.0.0.1.example.com/",
	} {
		if err := opener(os.Stderr, ignore).Open(path, address); err == nil {
			t.Errorf("%q was opened", address)
		}
	}
	if _, err := os.Stat(noted); err == nil {
		t.Error("the opener was started")
	}
	if err := opener(os.Stderr, ignore).Open("no-such-program", page); !errors.Is(err, ErrNone) {
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
