package doctor

import (
	"bufio"
	"bytes"
	"path/filepath"
	"strings"

	"rolecall/internal/filesystem"
)

// shells looks at the start-up files of the person's shell.
func shells() check {
	return check{[]Kind{
		{
			"shell.no-function", Note, "The shell does not load rolecall's function.",
			"with it, rc TARGET switches the shell, and a failed switch leaves no old keys behind",
		},
		{
			"shell.no-completion", Note, "The shell does not load rolecall's completion.",
			"with it, the Tab key completes accounts and roles",
		},
	}, func(m *Machine, found func(string, Finding)) {
		shell := strings.TrimSuffix(filepath.Base(filepath.ToSlash(m.Getenv("SHELL"))), ".exe")
		setup, known := shellSetups()[shell]
		if !known || m.Home == "" {
			return
		}
		var text []byte
		for _, pattern := range setup.files {
			files, _ := filepath.Glob(filepath.Join(m.Home, pattern))
			for _, file := range files {
				data, _ := filesystem.Read(file, 1<<20)
				text = append(append(text, '\n'), data...)
			}
		}
		where := []string{filepath.Join(m.Home, setup.files[0])}
		if !loads(text, "shell-init") {
			found("shell.no-function", Finding{
				What: shell + " does not load the function rc", Where: where, Remedy: []string{"add the line: " + setup.function},
			})
		}
		if !loads(text, "completion") {
			found("shell.no-completion", Finding{
				What: shell + " does not load the completion", Where: where, Remedy: []string{"add the line: " + setup.completion},
			})
		}
	}}
}

// A shellSetup says which files a shell reads, and what belongs there.
type shellSetup struct {
	files                []string // below the home folder; patterns
	function, completion string
}

func shellSetups() map[string]shellSetup {
	return map[string]shellSetup{
		"bash": {
			[]string{
				".bashrc", ".bash_profile", ".profile", ".bash_login", ".bashrc.d/*", ".bash_aliases",
				".local/share/bash-completion/completions/rolecall",
			},
			`eval "$(rolecall shell-init bash)"`, "source <(rolecall completion bash)",
		},
		"zsh": {
			[]string{".zshrc", ".zprofile", ".zshenv", ".zshrc.d/*", ".config/zsh/*.zsh", ".config/zsh/.zshrc"},
			`eval "$(rolecall shell-init zsh)"`, "source <(rolecall completion zsh), after compinit",
		},
		"fish": {
			[]string{".config/fish/config.fish", ".config/fish/conf.d/*.fish", ".config/fish/completions/rolecall.fish"},
			"rolecall shell-init fish | source", "rolecall completion fish | source",
		},
	}
}

// loads reports whether a line that is no comment runs a command of rolecall, or has been written by it.
func loads(text []byte, command string) bool {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if _, after, ok := strings.Cut(line, "rolecall"); ok && line[0] != '#' &&
			(strings.Contains(after, command) || command == "completion" && strings.HasPrefix(line, "complete ")) {
			return true
		}
	}
	return false
}
