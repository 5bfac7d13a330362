//go:build linux

package browser

import (
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const secret = "https://signin.aws.amazon.com/federation?Action=login&SigninToken=a%2Bb&x=$(id)"

// A browser gets the whole address, in the requested profile or container.
func TestWhereAnAddressOpens(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	t.Setenv("PATH", dir)
	state := filepath.Join(home, ".config", "chromium", "Local State")
	text := `{"profile":{"info_cache":{"Profile 3":{"name":"Production: pay"},"Default":{"name":"me"},` +
		`"x":{"name":"twice"},"w":{"name":"twice"}}}}`
	if err := errors.Join(os.MkdirAll(filepath.Dir(state), 0o700), os.WriteFile(state, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	const plain = "--no-first-run --no-default-browser-check "
	in := func(profile string) Window { return Window{Browser: "chromium", Profile: profile} }
	for name, c := range map[string]struct {
		program string
		window  Window
		want    string
	}{
		"chromium":          {"chromium", Window{Browser: "chromium"}, plain + secret},
		"another name":      {"chromium-browser", Window{Browser: "chromium"}, plain + secret},
		"a new profile":     {"chromium", in("1111/Admin"), "--profile-directory=1111-Admin --no-first"},
		"a shown name":      {"chromium", in("Production: pay"), "--profile-directory=Profile 3 --no"},
		"a directory":       {"chromium", in("Default"), "--profile-directory=Default --no"},
		"two of that name":  {"chromium", in("twice"), "--profile-directory=w --no"},
		"out of its folder": {"chromium", in("../../x"), "--profile-directory=-..-x --no"},
		"edge":              {"microsoft-edge", Window{Browser: "edge", Profile: "a"}, "--profile-directory=a --no"},
		"firefox":           {"firefox-esr", Window{Browser: "firefox"}, "--new-tab " + secret},
		"firefox's profile": {"firefox", Window{Browser: "firefox", Profile: "work"}, "-P work --new-tab " + secret},
		"a container": {
			"firefox",
			Window{Container: "pay & prod é", Color: "red", Icon: "dollar"},
			"--new-tab ext+container:name=pay%20%26%20prod%20%C3%A9&url=" + url.QueryEscape(secret) + "&color=red&icon=dollar",
		},
	} {
		t.Run(name, func(t *testing.T) {
			noted := filepath.Join(t.TempDir(), "noted")
			path := filepath.Join(dir, c.program)
			if err := os.WriteFile(path, []byte("#!/bin/sh\nIFS=' '; echo \"$*\" > "+noted+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.Remove(path) }()
			s := System{Getenv: func(string) string { return "" }, Home: home}
			if err := opener(io.Discard, ignore).OpenIn(c.window, s, secret); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(noted)
			if err != nil || !strings.HasPrefix(string(got), c.want) {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
			if c.window.Container == "" && !strings.Contains(string(got), secret) {
				t.Errorf("not the address: %s", got)
			}
			if after, err := os.ReadFile(state); err != nil || string(after) != text {
				t.Error("Local State was written")
			}
		})
	}
	s := System{Getenv: func(string) string { return "" }}
	if err := opener(io.Discard, ignore).OpenIn(Window{Browser: "brave"}, s, secret); !errors.Is(err, ErrNone) {
		t.Errorf("without the browser: %v", err)
	}
	if err := opener(io.Discard, ignore).OpenIn(Window{Browser: "brave"}, s, "file:///x"); err == nil {
		t.Error("a file was opened")
	}
}

func TestWhatIsNoWindow(t *testing.T) {
	for says, w := range map[string]Window{
		"browser \"lynx\" is not one of brave,":     {Browser: "lynx"},
		"chrome has no containers":                  {Browser: "chrome", Container: "x"},
		"a browser profile needs a browser: brave,": {Profile: "x"},
		"vivaldi":                               {Browser: "safari", Profile: "x"},
		"color \"toolbar\" is not one of blue,": {Container: "x", Color: "toolbar"},
		"icon \"fence\" is not one of":          {Container: "x", Icon: "fence"},
	} {
		if err := w.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %s", w, err, says)
		}
	}
	for _, w := range []Window{
		{}, {Browser: "safari"}, {Container: "x", Profile: "p"}, {Browser: "firefox", Container: "x"},
	} {
		if err := w.Check(); err != nil {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

// Each browser has a program on each system where it exists.
func TestProgramsOfEachSystem(t *testing.T) {
	s := System{Home: "/home/me", Getenv: func(name string) string {
		return map[string]string{"ProgramFiles": `C:\Program Files`, "LocalAppData": `C:\Users\me\AppData\Local`}[name]
	}}
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, name := range Names() {
			if isSafari(name) && system != "darwin" {
				continue
			}
			programs := s.programs(system, name)
			if len(programs) == 0 || programs[0][len(programs[0])-1] == "" {
				t.Errorf("%s on %s: %q", name, system, programs)
			}
			if name != "firefox" && !isSafari(name) && strings.HasSuffix(s.userData(system, name), "/") {
				t.Errorf("%s on %s: %q", name, system, s.userData(system, name))
			}
		}
	}
}
