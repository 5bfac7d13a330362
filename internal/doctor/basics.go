package doctor

import "strings"

// basics looks at what every command needs.
func basics() check {
	return check{[]Kind{
		{
			"home.missing", Error, "There is no home folder.",
			"rolecall keeps sign-ins and keys there, and no command works without it",
		},
		{
			"settings.invalid", Error, "rolecall's own config.toml cannot be used.",
			"commands that need a setting fail",
		},
		{
			"policy.unusable", Error, "This machine's policy, or its defaults, cannot be used.",
			"no other command runs, because running without the rules would bypass them",
		},
	}, func(m *Machine, found func(string, Finding)) {
		if m.Home == "" {
			found("home.missing", Finding{
				What: "no home folder: HOME is not set", Where: []string{"HOME"}, Remedy: []string{"set HOME"},
			})
		}
		if m.Settings != nil {
			where, what := place(m.Settings.Error())
			found("settings.invalid", Finding{What: what, Where: where, Remedy: []string{"correct that line"}})
		}
		if m.Policy != nil {
			where, what := place(m.Policy.Error())
			found("policy.unusable", Finding{
				What: what, Where: where, Remedy: []string{"ask this machine's administrator to correct it"},
			})
		}
	}}
}

// place splits file:line from the text after it.
func place(text string) (where []string, what string) {
	if at, rest, ok := strings.Cut(text, ": "); ok {
		return []string{at}, rest
	}
	return nil, text
}
