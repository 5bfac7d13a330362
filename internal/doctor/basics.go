package doctor

import "strings"

// basics looks at what every command needs.
func basics() check {
	return check{[]Kind{
		{
			"home.missing", Error, "There is no home folder.",
			"sign-ins and keys are kept there, and no command can work without them",
		},
		{
			"settings.invalid", Error, "rolecall's own config.toml cannot be used.",
			"commands that need a setting end with an error",
		},
		{
			"policy.unusable", Error, "This machine's policy, or its defaults, cannot be used.",
			"going on without rules would be a way around them, so no other command runs",
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
				What: what, Where: where, Remedy: []string{"ask the administrator of this machine to correct it"},
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
