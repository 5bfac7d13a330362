//go:build linux

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rolecall/internal/idc/oidc"
)

// helpText returns the help of a command: all in front of its usage, and the names of its subcommands.
func helpText(t *testing.T, path []string) (text string, names []string) {
	t.Helper()
	out, err := exec.Command(filepath.Join(bin, "rolecall"), append(slices.Clone(path), "--help")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, usage, _ := strings.Cut(string(out), "\nUsage:\n")
	usage, _, _ = strings.Cut(usage, "Flags:\n")
	for _, found := range regexp.MustCompile(`(?m)^  ([a-z-]+) {2,}[A-Z]`).FindAllStringSubmatch(usage, -1) {
		if found[1] != "help" && found[1] != "completion" {
			names = append(names, found[1])
		}
	}
	return text, names
}

// helpExamples returns the examples in the help of a command and of those below it, without their remarks.
func helpExamples(t *testing.T, path []string) []string {
	t.Helper()
	text, names := helpText(t, path)
	var examples []string
	for line := range strings.SplitSeq(text, "\n") {
		line, indented := strings.CutPrefix(line, "  ")
		line, _, _ = strings.Cut(line, "  ")
		if indented && (strings.HasPrefix(line, "rolecall ") || strings.HasPrefix(line, `eval "$(`)) {
			examples = append(examples, line)
		}
	}
	for _, name := range names {
		examples = append(examples, helpExamples(t, append(slices.Clone(path), name))...)
	}
	return examples
}

// notRun lists the examples that cannot run here, and why.
func notRun() map[string]string {
	return map[string]string{
		"rolecall configure https://d-1234567890.awsapps.com/start":        "AWS is asked",
		"rolecall configure example-corp --session corp --yes":             "AWS is asked",
		"rolecall login corp --fresh":                                      "a person signs in",
		"rolecall exec dev":                                                "a person works in a shell",
		"rolecall doctor":                                                  "it ends with 1: a profile is of the old kind",
		"rolecall doctor --online":                                         "it ends with 1: a profile is of the old kind",
		"rolecall doctor --fix":                                            "it ends with 1: a profile is of the old kind",
		"rolecall doctor --json":                                           "it ends with 1: a profile is of the old kind",
		"rolecall profiles modernize":                                      "a person agrees",
		"rolecall trust":                                                   "a person agrees",
		"rolecall trust ~/src/payments":                                    "a person agrees",
		"rolecall trust --revoke ~/src/payments":                           "a person has agreed before",
		"rolecall demo --browser":                                          "a person signs in",
		`rolecall exec "$(rolecall pick)" -- aws s3 ls`:                    "a person chooses",
		`eval "$(rolecall pick --action env)"`:                             "a person chooses",
		"rolecall serve dev audit":                                         "it goes on; one runs already",
		"rolecall serve dev --socket ~/.rolecall/serve.sock":               "it goes on; one runs already",
		"rolecall serve dev --imds":                                        "it goes on; one runs already",
		"rolecall serve --forward --to HOST:8899":                          "it goes on",
		"rolecall write dev --as jdbc --watch":                             "it goes on",
		"rolecall console dev --container Payments":                        "a person says that the add-on is installed",
		"rolecall console dev --browser chrome --browser-profile Payments": "Chrome is not in Debian",
	}
}

// last reports whether an example ends what the others need.
func last(example string) bool {
	return strings.Contains(example, " logout") || strings.Contains(example, " idc reset")
}

// The examples of all helps succeed for alice, who is signed in, beside a running idc serve. aws stands for any
// program.
func TestHelpExamples(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	desktopFor(t, w)
	w.signIn(t, "rolecall", "login", "corp")
	folder := exampleFolder(t, w)
	server := serve(t, w.home, "--data", filepath.Join(folder, "idc-data"),
		"--seed", filepath.Join(folder, "directory.yaml"))
	w.serving(t, "--socket", filepath.Join(folder, "run", "s.sock"))
	environ := append(w.environ(), "ROLECALL_IDC_URL="+server.url, "AWS_PROFILE=dev", "BROWSER=visit",
		"AWS_SSO_CONFIG="+filepath.Join(folder, "sso.yaml"),
		"ROLECALL_PASSPHRASE_FILE="+filepath.Join(folder, "password.txt"),
		"PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	examples := helpExamples(t, nil)
	slices.SortStableFunc(examples, func(a, b string) int {
		switch {
		case last(a) == last(b):
			return 0
		case last(a):
			return 1
		}
		return -1
	})
	except, ran := notRun(), 0
	for example := range except {
		if !slices.Contains(examples, example) {
			t.Errorf("%s is in no help", example)
		}
	}
	for _, example := range examples {
		if _, cannot := except[example]; cannot {
			continue
		}
		ran++
		if strings.HasPrefix(example, "rolecall idc serve") {
			serveExample(t, example)
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", inShell(example, w.url, server.url))
		var stderr bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdin = folder, environ, &stderr, strings.NewReader("a-new-password\n")
		if out, err := cmd.Output(); err != nil {
			t.Errorf("%s: %v\n%s%s", example, err, out, stderr.String())
		}
	}
	if ran < 90 {
		t.Errorf("only %d examples ran", ran)
	}
}

// exampleFolder returns a folder with the files and the program that examples name.
func exampleFolder(t *testing.T, w *world) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"aws": "#!/bin/sh\necho \"$@\"\n", "password.txt": "another-password\n",
		"directory.yaml": w.must(t, "rolecall", "idc", "sample"),
		"workspace.json": "{}", "sso.yaml": "SSOConfig: {}\n", // other tools' files, with nothing to write
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// inShell is a script that fails where the rolecall of an example does: a shell ignores that in front of a pipe and
// inside eval. The usual address stands for center in configure, for server elsewhere.
func inShell(example, center, server string) string {
	if strings.HasPrefix(example, "rolecall configure") {
		server = center
	}
	example = strings.ReplaceAll(example, "http://127.0.0.1:9911", server)
	quoted := strings.LastIndex(example, "'") + 1
	command, _, _ := strings.Cut(example[quoted:], " | ")
	example = example[:quoted] + command
	if _, text, found := strings.Cut(example, "shell-init "); found && strings.HasPrefix(example, "eval ") {
		shell, _, _ := strings.Cut(text, ")")
		return shell + " -c '" + example + "'"
	}
	if printed, isEval := strings.CutPrefix(example, "eval "); isEval {
		return "variables=" + printed + ` && eval "$variables"`
	}
	return example
}

// serveExample serves as an example says, in a folder of its own, on a free port.
func serveExample(t *testing.T, example string) {
	t.Helper()
	folder := t.TempDir()
	text, err := exec.Command(filepath.Join(bin, "rolecall"), "idc", "sample").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "directory.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	place := strings.NewReplacer("./idc-data", folder+"/idc-data", "directory.yaml", folder+"/directory.yaml")
	serve(t, filepath.Join(folder, "home"), strings.Fields(place.Replace(example))[3:]...).stop(syscall.SIGTERM)
}
