package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"rolecall/internal/filesystem"
)

// A Window is the browser that an address opens in, and the part of it. The zero value is the system's browser.
type Window struct {
	// Browser is one of Names, or "".
	Browser string
	// Profile is the directory or display name of a Chromium browser's profile, which is created if it does not exist,
	// or the name of a Firefox profile.
	Profile string
	// Container is the name of a Firefox container, which the add-on "Open external links in a container" creates.
	// Color and Icon apply to a new one.
	Container, Color, Icon string
}

// Names returns the browsers that a Window can name.
func Names() []string {
	return []string{"brave", "chrome", "chromium", "edge", "firefox", "safari", "vivaldi"}
}

// Colors returns the container colours that the add-on accepts: not "toolbar".
func Colors() []string {
	return []string{"blue", "turquoise", "green", "yellow", "orange", "red", "pink", "purple"}
}

// Icons returns the container icons that the add-on accepts.
func Icons() []string {
	return []string{
		"fingerprint", "briefcase", "dollar", "cart", "gift", "vacation", "food", "fruit", "pet", "tree", "chill", "circle",
	}
}

// Check returns an error if a field is invalid, or does not go with the others.
func (w Window) Check() error {
	firefox := w.Browser == "" || w.Browser == "firefox"
	switch {
	case w.Browser != "" && !slices.Contains(Names(), w.Browser):
		return fmt.Errorf("browser %q is not one of %s", w.Browser, strings.Join(Names(), ", "))
	case w.Container != "" && !firefox:
		return fmt.Errorf("%s has no containers; use Firefox", w.Browser)
	case w.Profile != "" && (w.Browser == "" && w.Container == "" || w.Browser == "safari"):
		return fmt.Errorf("a browser profile needs a browser: %s", strings.Join(slices.DeleteFunc(Names(), isSafari), ", "))
	case strings.HasPrefix(w.Profile, "-"): // Firefox would read an option
		return fmt.Errorf("the profile %q begins with -", w.Profile)
	case w.Color != "" && !slices.Contains(Colors(), w.Color):
		return fmt.Errorf("color %q is not one of %s", w.Color, strings.Join(Colors(), ", "))
	case w.Icon != "" && !slices.Contains(Icons(), w.Icon):
		return fmt.Errorf("icon %q is not one of %s", w.Icon, strings.Join(Icons(), ", "))
	}
	return nil
}

func isSafari(name string) bool { return name == "safari" }

// A System is where browsers are found.
type System struct {
	Getenv func(string) string
	Home   string
}

// OpenIn opens address in a window. Without one it is Open, with BROWSER.
func (o Opener) OpenIn(w Window, s System, address string) error {
	if w == (Window{}) {
		return o.Open(s.Getenv("BROWSER"), address)
	}
	if err := w.Check(); err != nil {
		return err
	}
	if !allowed(address) {
		return fmt.Errorf("not opened: the address is neither https nor on this machine")
	}
	if w.Container != "" {
		w.Browser = "firefox"
	}
	for _, program := range s.programs(runtime.GOOS, w.Browser) {
		if path, err := exec.LookPath(program[0]); err == nil {
			return o.try([][]string{append(append([]string{path}, program[1:]...), s.arguments(w, address)...)})
		}
	}
	return fmt.Errorf("%w: %s is not installed", ErrNone, w.Browser)
}

// arguments returns the command-line arguments for a browser.
func (s System) arguments(w Window, address string) []string {
	var args []string
	switch w.Browser {
	case "safari":
	case "firefox":
		if w.Profile != "" {
			args = append(args, "-P", w.Profile)
		}
		if w.Container != "" {
			address = containerAddress(w, address)
		}
		args = append(args, "--new-tab")
	default:
		if w.Profile != "" {
			args = append(args, "--profile-directory="+s.directory(runtime.GOOS, w.Browser, w.Profile))
		}
		args = append(args, "--no-first-run", "--no-default-browser-check")
	}
	return append(args, address)
}

// containerAddress returns the address that the add-on expects.
func containerAddress(w Window, address string) string {
	query := "name=" + url.QueryEscape(w.Container) + "&url=" + url.QueryEscape(address)
	if w.Color != "" {
		query += "&color=" + w.Color
	}
	if w.Icon != "" {
		query += "&icon=" + w.Icon
	}
	return "ext+container:" + strings.ReplaceAll(query, "+", "%20")
}

// programs returns the ways to start a browser, the most likely first.
func (s System) programs(system, name string) (all [][]string) {
	switch system {
	case "darwin":
		title := map[string]string{
			"brave": "Brave Browser", "chrome": "Google Chrome", "chromium": "Chromium", "edge": "Microsoft Edge",
			"firefox": "Firefox", "vivaldi": "Vivaldi",
		}[name]
		if isSafari(name) {
			return [][]string{{"open", "-a", "Safari"}}
		}
		return [][]string{{"open", "-na", title, "--args"}} // a running one ignores arguments without -n
	case "windows":
		for _, root := range []string{"ProgramFiles", "ProgramFiles(x86)", "LocalAppData"} {
			if dir := s.Getenv(root); dir != "" {
				all = append(all, []string{filepath.Join(dir, filepath.FromSlash(windowsPath(name)))})
			}
		}
		return all
	}
	for _, program := range map[string][]string{
		"brave":    {"brave-browser", "brave", "brave-browser-stable"},
		"chrome":   {"google-chrome", "google-chrome-stable"},
		"chromium": {"chromium", "chromium-browser"},
		"edge":     {"microsoft-edge", "microsoft-edge-stable"},
		"firefox":  {"firefox", "firefox-esr"},
		"vivaldi":  {"vivaldi", "vivaldi-stable"},
	}[name] {
		all = append(all, []string{program})
	}
	if s.Getenv("WSL_DISTRO_NAME") != "" {
		for _, root := range []string{"/mnt/c/Program Files", "/mnt/c/Program Files (x86)"} {
			all = append(all, []string{root + "/" + windowsPath(name)})
		}
	}
	return all
}

// windowsPath is where a browser is installed, below one of several folders.
func windowsPath(name string) string {
	return map[string]string{
		"brave":    "BraveSoftware/Brave-Browser/Application/brave.exe",
		"chrome":   "Google/Chrome/Application/chrome.exe",
		"chromium": "Chromium/Application/chrome.exe",
		"edge":     "Microsoft/Edge/Application/msedge.exe",
		"firefox":  "Mozilla Firefox/firefox.exe",
		"vivaldi":  "Vivaldi/Application/vivaldi.exe",
	}[name]
}

// directory returns the directory of a Chromium browser's profile: the one with text as its display name, else the one
// named text. It writes nothing: the browser may be running.
func (s System) directory(system, name, text string) string {
	dir, err := filesystem.Read(filepath.Join(s.userData(system, name), "Local State"), 16<<20)
	var state struct {
		Profile struct {
			Cache map[string]struct{ Name string } `json:"info_cache"`
		}
	}
	if err == nil && json.Unmarshal(dir, &state) == nil {
		var found []string
		for directory, info := range state.Profile.Cache {
			if info.Name == text {
				found = append(found, directory)
			}
		}
		if _, known := state.Profile.Cache[text]; !known && len(found) > 0 {
			return slices.Min(found)
		}
	}
	safe := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, text)
	return strings.Trim(safe, ". ")
}

// userData returns the folder with the profiles of a Chromium browser.
func (s System) userData(system, name string) string {
	switch system {
	case "darwin":
		return filepath.Join(s.Home, "Library", "Application Support", map[string]string{
			"brave": "BraveSoftware/Brave-Browser", "chrome": "Google/Chrome", "chromium": "Chromium",
			"edge": "Microsoft Edge", "vivaldi": "Vivaldi",
		}[name])
	case "windows":
		return filepath.Join(s.Getenv("LocalAppData"), filepath.FromSlash(map[string]string{
			"brave": "BraveSoftware/Brave-Browser", "chrome": "Google/Chrome", "chromium": "Chromium",
			"edge": "Microsoft/Edge", "vivaldi": "Vivaldi",
		}[name]), "User Data")
	}
	config := s.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(s.Home, ".config")
	}
	return filepath.Join(config, map[string]string{
		"brave": "BraveSoftware/Brave-Browser", "chrome": "google-chrome", "chromium": "chromium", "edge": "microsoft-edge",
		"vivaldi": "vivaldi",
	}[name])
}
