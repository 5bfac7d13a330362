package doctor

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// tools looks at programs in PATH, without running any.
func tools() check {
	return check{[]Kind{
		{
			"path.two-rolecalls", Warning, "PATH has two different files for rolecall, or for rolecall-process.",
			"after an upgrade, shells and credential_process may still use the old one",
		},
		{
			"path.not-found", Note, "rolecall is not in PATH.",
			"commands that rolecall prints, and its shell functions, do not work",
		},
		{
			"tools.old-aws-cli", Warning, "The AWS CLI is too old for sso-sessions.",
			"versions before 2.9.0 (or 1.27, for version 1) ignore sso_session, and find no credentials",
		},
		{
			"tools.refuses-http", Warning, "The AWS CLI does not accept a start URL that begins with http://.",
			"version 2.35.13 and later reject it, so aws sso login fails",
		},
		{
			"tools.old-sdk", Warning, "A program's AWS SDK is too old for sso-sessions.",
			"it ignores sso_session, and finds no credentials",
		},
	}, func(m *Machine, found func(string, Finding)) {
		m.twins(found)
		m.oldTools(found)
	}}
}

// twins looks for several files of one name. Links to one file are one.
func (m *Machine) twins(found func(string, Finding)) {
	for _, name := range []string{"rolecall", "rolecall-process"} {
		var files []string
		var infos []os.FileInfo
		for _, file := range m.inPath(name) {
			info, err := os.Stat(file)
			if err == nil && !slices.ContainsFunc(infos, func(i os.FileInfo) bool { return os.SameFile(i, info) }) {
				files, infos = append(files, file), append(infos, info)
			}
		}
		if len(files) > 1 {
			found("path.two-rolecalls", Finding{
				What: "the first one is used: " + files[0], Where: files,
				Remedy: []string{"remove the others, or take their folders out of PATH"},
			})
		}
	}
	if m.first("rolecall") == "" && m.Self != "" {
		found("path.not-found", Finding{
			What: "no folder in PATH has rolecall", Where: []string{"PATH"},
			Remedy: []string{"add " + m.Quote(filepath.Dir(m.Self)) + " to PATH"},
		})
	}
}

// The first versions that know sso-sessions, and the first AWS CLI that refuses http start URLs.
const (
	cliV1Sessions    = "1.27.0"
	cliV2            = "2.0.0"
	cliSessions      = "2.9.0"
	cliRefusesHTTP   = "2.35.13"
	botocoreSessions = "1.29.0"
	goV1Sessions     = "1.44.298"
)

func (m *Machine) oldTools(found func(string, Finding)) {
	sessions := m.having("sso-session", "sso_start_url")
	if len(sessions) == 0 {
		return
	}
	m.withoutSessions(found)
	aws, version := m.awsCLI()
	for _, s := range sessions {
		if start, _ := value(s, "sso_start_url"); strings.HasPrefix(start.Value, "http:") && version != "" &&
			!older(version, cliRefusesHTTP) {
			found("tools.refuses-http", Finding{
				What:   fmt.Sprintf("sso-session %q has %q, the AWS CLI is %s", s.Name, start.Value, version),
				Where:  []string{start.Origin.String(), aws},
				Remedy: []string{"sign in with rolecall login " + m.Quote(s.Name) + ", whose sign-in the AWS CLI then uses"},
			})
		}
	}
}

// OldTools returns the programs in PATH that do not know sso-sessions, even if no config file has one.
func OldTools(m Machine) []Finding {
	var all []Finding
	m.withoutSessions(func(_ string, f Finding) { all = append(all, f) })
	return all
}

// withoutSessions reports programs that are too old for sso-sessions.
func (m *Machine) withoutSessions(found func(string, Finding)) {
	if aws, version := m.awsCLI(); version != "" && older(version, cliSessions) &&
		(older(version, cliV1Sessions) || !older(version, cliV2)) {
		found("tools.old-aws-cli", Finding{
			What: "the AWS CLI is " + version, Where: []string{aws},
			Remedy: []string{"install version 2: https://aws.amazon.com/cli", credentialProcess},
		})
	}
	for _, p := range []string{"python3", "python"} {
		file := m.first(p)
		if file == "" {
			continue
		}
		if at, version := m.pythonPackage(file, "botocore"); version != "" && older(version, botocoreSessions) {
			found("tools.old-sdk", Finding{
				What: p + " has botocore " + version, Where: []string{at},
				Remedy: []string{p + " -m pip install --upgrade boto3 botocore", credentialProcess},
			})
		}
		break
	}
	for _, name := range []string{"terraform", "tofu", "terragrunt", "packer", "eksctl", "terraformer"} {
		m.oldGo(name, found)
	}
}

// credentialProcess is the way out where a program cannot be upgraded.
const credentialProcess = "or make profiles it can use: rolecall profiles apply --form credential-process"

// oldGo reports a Go program that only has the first Go SDK, from before it knew sso-sessions.
func (m *Machine) oldGo(name string, found func(string, Finding)) {
	file, first := m.first(name), ""
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return // there is none, or it is not in Go
	}
	for _, module := range info.Deps {
		switch {
		case module.Path == "github.com/aws/aws-sdk-go":
			first = strings.TrimPrefix(module.Version, "v")
		case strings.HasPrefix(module.Path, "github.com/aws/aws-sdk-go-v2/config"):
			return
		}
	}
	if first != "" && older(first, goV1Sessions) {
		found("tools.old-sdk", Finding{
			What: name + " has the Go SDK " + first, Where: []string{file},
			Remedy: []string{"upgrade " + name, credentialProcess},
		})
	}
}

// awsCLI returns the AWS CLI in PATH and its version, as far as its files tell.
func (m *Machine) awsCLI() (file, version string) {
	file = m.first("aws")
	place, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", ""
	}
	// The installer's v2/2.38.1/bin/aws, Homebrew's Cellar/awscli/2.38.1/bin/aws, Nix's HASH-awscli2-2.38.1/bin/aws.
	of := regexp.MustCompile(`(?:^|[/\\-])(?:v2|awscli2?|aws-cli)[/\\-](\d+\.\d+\.\d+)[/\\]`).FindStringSubmatch(place)
	if of != nil {
		return file, of[1]
	}
	_, version = m.pythonPackage(file, "awscli")
	return file, version
}

// pythonPackage returns the version of a package for a program, of the Python around it.
func (m *Machine) pythonPackage(program, name string) (at, version string) {
	var roots []string
	if place, err := filepath.EvalSymlinks(program); err == nil {
		roots = append(roots, filepath.Dir(filepath.Dir(program)), filepath.Dir(filepath.Dir(place)))
	}
	for _, root := range roots {
		for _, folder := range []string{"site-packages", "dist-packages"} {
			found, _ := filepath.Glob(filepath.Join(root, "lib", "python3*", folder, name+"-*.*-info"))
			for _, path := range found {
				of := regexp.MustCompile(`^` + name + `-(\d+\.\d+\.\d+)(?:[.-].*)?\.(?:dist|egg)-info$`).
					FindStringSubmatch(filepath.Base(path))
				if of != nil {
					return path, of[1]
				}
			}
		}
	}
	return "", ""
}

// older reports whether version a, such as 2.9.19, is before b.
func older(a, b string) bool {
	numbers := func(text string) []int {
		var all []int
		for part := range strings.SplitSeq(text, ".") {
			n, err := strconv.Atoi(strings.TrimRight(part, "abcdefghijklmnopqrstuvwxyz+-"))
			if err != nil {
				break
			}
			all = append(all, n)
		}
		return all
	}
	return slices.Compare(numbers(a), numbers(b)) < 0
}
