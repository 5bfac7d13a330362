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

// processProfiles returns the profiles that a credential_process line names for rolecall or the AWS CLI, also where it
// starts them through another program, such as sh -c or env.
func processProfiles(line string) []string {
	var all []string
	command := words.Split(strings.ReplaceAll(line, "\n", " "))
	for i, word := range command {
		if name, set := strings.CutPrefix(word, "AWS_PROFILE="); set && name != "" {
			all = append(all, name)
		}
		switch program := programOf(word); {
		case program == "rolecall", program == "rolecall-process", program == "aws", program == "aws.cmd":
			return append(all, namedProfiles(command[i+1:], program == "rolecall")...)
		case strings.Contains(word, " "):
			all = append(all, processProfiles(word)...) // of sh -c
		}
	}
	return all
}

// namedProfiles returns the profiles in arguments: those of --profile and, for rolecall process TARGET, of the target.
func namedProfiles(args []string, target bool) []string {
	var all, others []string
	for len(args) > 0 {
		name, value, joined := strings.Cut(args[0], "=")
		args = args[1:]
		if !strings.HasPrefix(name, "-") {
			others = append(others, name)
			continue
		}
		switches := []string{"--", "--json", "--debug", "--no-verify-ssl", "--no-paginate"}
		if !joined && len(args) > 0 && !slices.Contains(switches, name) {
			value, args = args[0], args[1:]
		}
		if name == "--profile" && value != "" {
			all = append(all, value)
		}
	}
	if target && len(others) > 1 {
		all = append(all, others[1])
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

// OwnProcess reads a credential_process line that starts rolecall-process for a role, so that rolecall gets for itself
// what other tools get through it. ok is false for any other line.
func OwnProcess(line string) (session, account, role string, ok bool) {
	command := words.Split(line)
	if len(command) == 0 {
		return "", "", "", false
	}
	flags, ok := ProcessFlags(command[1:])
	session, account, role = flags["session"], flags["account"], flags["role"]
	ok = ok && flags["profile"] == "" && session != "" && account != "" && role != "" &&
		programOf(command[0]) == "rolecall-process"
	return session, account, role, ok
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
