package awsconfig

import (
	"slices"
	"strings"

	"rolecall/internal/words"
)

// A Source is another profile that a profile gets its keys from, and the key that names it: source_profile or
// credential_process.
type Source struct{ Key, Profile string }

// Sources returns the profiles that a profile gets its keys from.
func (c *Config) Sources(name string) []Source {
	v := c.find(kindProfile, name)
	if v == nil {
		return nil
	}
	var all []Source
	source := v.text("source_profile")
	if source != "" {
		all = append(all, Source{"source_profile", source})
	}
	if source != "" && v.text("role_arn") != "" {
		return all // no tool runs the command
	}
	for _, profile := range processProfiles(v.text("credential_process")) {
		all = append(all, Source{"credential_process", profile})
	}
	return all
}

// processProfiles returns the words of a credential_process line that could name a profile: any program may take one,
// by a flag, a variable or an argument, also inside sh -c. A line of rolecall's own for a role names none.
func processProfiles(line string) []string {
	if _, _, _, ours := OwnProcess(line); ours {
		return nil
	}
	all := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`;&|()<>=", r) })
	for i, word := range all {
		all[i] = strings.Trim(word, `\`) // of \" inside quotes
	}
	for _, word := range words.Split(strings.ReplaceAll(line, "\n", " ")) { // for names with blanks or signs
		_, value, _ := strings.Cut(word, "=")
		all = append(all, word, value)
		if strings.Contains(word, " ") {
			all = append(all, processProfiles(word)...)
		}
	}
	return all
}

// namesProfile reports whether a credential_process line is about a profile itself: aws-sso-util and others read the
// profile's SSO settings for tools that do not.
func namesProfile(line, profile string) bool {
	command := words.Split(line)
	for i, word := range command {
		if word == "--profile="+profile || word == "--profile" && i+1 < len(command) && command[i+1] == profile {
			return true
		}
	}
	return false
}

// programOf returns the name of a program, from its path.
func programOf(path string) string {
	return strings.TrimSuffix(path[strings.LastIndexAny(path, `/\`)+1:], ".exe")
}

// OwnProcess reads a credential_process line that starts rolecall for a role, so that rolecall gets for itself what
// other tools get through it. ok is false for any other line.
func OwnProcess(line string) (session, account, role string, ok bool) {
	flags, ok := ownFlags(line)
	session, account, role = flags["session"], flags["account"], flags["role"]
	return session, account, role, ok && flags["profile"] == "" && session != "" && account != "" && role != ""
}

// ownProfile returns the profile that a credential_process line starts rolecall for. It is "" for any other line, and
// where the target of rolecall process is no profile.
func (c *Config) ownProfile(line string) string {
	flags, ok := ownFlags(line)
	target, profile := flags["target"], flags["profile"]
	delete(flags, "target")
	delete(flags, "profile")
	switch {
	case !ok || len(flags) > 0:
		return ""
	case target != "" && c.find(kindProfile, target) != nil:
		return target
	}
	return profile
}

// ownFlags reads the arguments of a line that starts rolecall-process or rolecall process. The target of the latter has
// the name target.
func ownFlags(line string) (flags map[string]string, ok bool) {
	command := words.Split(line)
	switch {
	case len(command) > 0 && programOf(command[0]) == "rolecall-process":
		return ProcessFlags(command[1:])
	case len(command) < 2 || programOf(command[0]) != "rolecall":
		return nil, false
	}
	args := slices.DeleteFunc(command[1:], func(word string) bool { return word == "--debug" || word == "--json" })
	switch {
	case len(args) == 0 || args[0] != "process":
		return nil, false
	case len(args) == 2 && !strings.HasPrefix(args[1], "-"):
		return map[string]string{"target": args[1]}, true
	}
	return ProcessFlags(args[1:])
}

// ProcessFlags reads the arguments of rolecall-process: --name value or --name=value, of profile, session, account and
// role. ok is false if there is anything else.
func ProcessFlags(args []string) (flags map[string]string, ok bool) {
	flags = map[string]string{}
	for len(args) > 0 {
		name, value, joined := strings.Cut(strings.TrimPrefix(args[0], "--"), "=")
		if !strings.HasPrefix(args[0], "--") {
			return nil, false
		}
		args = args[1:]
		if !joined {
			if len(args) == 0 {
				return nil, false
			}
			value, args = args[0], args[1:]
		}
		switch name {
		case "profile", "session", "account", "role":
			flags[name] = value
		default:
			return nil, false
		}
	}
	return flags, true
}
