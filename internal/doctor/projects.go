package doctor

import "path/filepath"

// A Project is a .rolecall.toml above the working folder.
type Project struct {
	File    string
	State   string // as package project calls it
	Problem string // why it cannot count, or cannot be understood, with its line
}

// projects looks at the files that narrow what may be used in a folder.
func projects() check {
	return check{[]Kind{
		{
			"project.untrusted", Warning, "A .rolecall.toml in this folder, or above it, is not trusted.",
			"it is ignored: its targets restrict nothing, and its default is not used",
		},
		{
			"project.changed", Warning, "A .rolecall.toml has changed since it was trusted.",
			"it is ignored: its targets restrict nothing, and its default is not used",
		},
		{
			"project.ignored", Warning, "A .rolecall.toml is ignored.",
			"only a regular file of your own can be trusted; this one restricts nothing",
		},
		{
			"project.broken", Error, "A trusted .rolecall.toml cannot be used.",
			"rolecall gives out no keys in its folder, because ignoring it would allow what it refuses",
		},
	}, func(m *Machine, found func(string, Finding)) {
		for _, p := range m.Projects {
			folder := m.Quote(filepath.Dir(p.File))
			switch {
			case p.State == "trusted" && p.Problem != "":
				where, what := place(p.Problem)
				found("project.broken", Finding{
					What: what, Where: where, Remedy: []string{"correct that line, then: rolecall trust " + folder},
				})
			case p.State == "ignored":
				found("project.ignored", Finding{
					What: "it is ignored: " + p.Problem, Where: []string{p.File}, Remedy: []string{"replace it with a regular file"},
				})
			case p.State == "changed":
				found("project.changed", Finding{
					What: "it has changed since you trusted it", Where: []string{p.File},
					Remedy: []string{"rolecall trust " + folder},
				})
			case p.State == "untrusted":
				found("project.untrusted", Finding{
					What: "it is not trusted", Where: []string{p.File}, Remedy: []string{"rolecall trust " + folder},
				})
			}
		}
	}}
}
