package doctor

import (
	"os"
	"slices"
	"strings"

	"rolecall/internal/words"
)

// browsers looks at how a sign-in reaches a browser.
func browsers() check {
	return check{[]Kind{
		{
			"browser.missing", Warning, "$BROWSER names a program that does not exist.",
			"sign-ins open no browser, and wait for you to open the address yourself",
		},
		{
			"browser.none", Note, "There is a desktop, but no program that opens web addresses.",
			"sign-ins open no browser, and wait for you to open the address yourself",
		},
		{
			"wsl.no-browser", Note, "On WSL, no program opens web addresses in a Windows browser.",
			"sign-ins open no browser, or one inside WSL that does not share the Windows browser's sign-ins",
		},
		{
			"wsl.windows-home", Warning, "On WSL, the home folder or the state folder is on a Windows drive.",
			"modes and locks have no effect there: others can read secrets, and parallel commands lose sign-ins",
		},
	}, func(m *Machine, found func(string, Finding)) {
		m.browserVariable(found)
		wsl := m.System == "linux" && len(m.set("WSL_DISTRO_NAME", "WSL_INTEROP")) > 0
		opens := slices.ContainsFunc(m.Openers, func(name string) bool { return len(m.inPath(name)) > 0 })
		onWindows := slices.ContainsFunc([]string{"wslview", "rundll32.exe"}, func(name string) bool {
			return len(m.inPath(name)) > 0
		})
		named := m.Getenv("BROWSER") != ""
		switch {
		case wsl && !onWindows && !named:
			found("wsl.no-browser", Finding{
				What: "neither wslview nor rundll32.exe is in PATH", Where: []string{"PATH"},
				Remedy: []string{
					"sudo apt install wslu", "or add the Windows PATH to PATH: appendWindowsPath in /etc/wsl.conf",
				},
			})
		case m.System == "linux" && m.Desktop && !opens && !named:
			found("browser.none", Finding{
				What: "none of these is in PATH: " + strings.Join(m.Openers, ", "), Where: []string{"PATH"},
				Remedy: []string{"install xdg-utils, or: export BROWSER=PROGRAM", "rolecall login --qr, to sign in on a phone"},
			})
		}
		for _, dir := range []string{m.Home, m.State} {
			if parts := strings.Split(dir, "/"); wsl && len(parts) > 2 && parts[1] == "mnt" && len(parts[2]) == 1 {
				found("wsl.windows-home", Finding{
					What: dir + " is on a Windows drive", Where: []string{dir},
					Remedy: []string{"move your home folder into WSL: sudo usermod --home /home/$USER --move-home $USER"},
				})
				break
			}
		}
	}}
}

func (m *Machine) browserVariable(found func(string, Finding)) {
	for command := range strings.SplitSeq(m.Getenv("BROWSER"), string(os.PathListSeparator)) {
		line := words.Split(command)
		if len(line) == 0 || m.isThere(line[0]) {
			return // the first one that is there is used
		}
	}
	if m.Getenv("BROWSER") != "" {
		found("browser.missing", Finding{
			What: m.Getenv("BROWSER") + " does not exist", Where: []string{"BROWSER"},
			Remedy: []string{"unset BROWSER, or correct it"},
		})
	}
}
