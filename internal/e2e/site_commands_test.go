//go:build linux

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/oidc"
)

// shellBlock matches a block of commands, its kind and its mark. Those marked "other", "system" or "docker" are run
// by other tests.
var shellBlock = regexp.MustCompile("(?ms)^```(sh|bash|console)(?: ([^\n]*))?\n(.*?)^```")

// sitePages are the pages of the site, the files of docs that they show, and the README, whose other blocks are run by
// TestTheREADMEsCommands.
func sitePages(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"../../site/pages/*.md", "../../docs/*.md", "../../SECURITY.md", "../../README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	return pages
}

// The commands of each page work, in its order, in one shell and a clean home. Terraform and an editor are programs
// that ask for their keys as these do. Blocks that name a story are run there, with the same words.
func TestTheSitesCommands(t *testing.T) {
	aws := sidAWS(t)
	ran := 0
	for _, path := range sitePages(t) {
		script := pageScript(t, path)
		if script == "" {
			continue
		}
		ran += strings.Count(script, "\n")
		if !strings.Contains(script, "signin alice rolecall login") {
			script = "signin alice rolecall login corp\n" + script
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".md"), func(t *testing.T) {
			t.Parallel()
			runPage(t, aws, script)
		})
	}
	if ran < 140 {
		t.Errorf("only %d lines were found", ran)
	}
}

// pageScript is what bash runs for a page.
func pageScript(t *testing.T, path string) string {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range shellBlock.FindAllStringSubmatch(string(page), -1) {
		kind, mark, text := block[1], block[2], block[3]
		story, isStory := strings.CutPrefix(mark, "story:")
		switch {
		case isStory:
			toldBy(t, path, story, kind == "console", text)
		case mark == "aws":
			region := regexp.MustCompile("us-gov-west-1|$").FindString(text)
			script.WriteString("(\ntheirs " + cmp.Or(region, idc.DefaultRegion) + "\n" + forTest(text) + ")\n")
		case mark == "" && kind == "console":
			script.WriteString(shown(text))
		case mark == "" && filepath.Base(path) != "README.md":
			script.WriteString(forTest(text))
		}
	}
	return script.String()
}

// comment matches a remark behind a command.
var comment = regexp.MustCompile(`(^|\s)\s*# .*$`)

// forTest returns a block as the test runs it: a person signs in, and servers run beside, until they are ready.
func forTest(block string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.ReplaceAll(block, "\\\n", " "), "\n") {
		line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
		switch {
		case line == "":
			continue
		case strings.HasSuffix(line, "&"):
		case strings.HasPrefix(line, "rolecall doctor"): // what it finds here makes its exit code
			line += " || test $? = 1"
		case strings.HasPrefix(line, "rolecall login corp"):
			line = "corp && signin alice " + line
		case strings.HasPrefix(line, "rolecall login"):
			line = "signin alice " + line
		case strings.HasPrefix(line, "rolecall configure"):
			answers := `'one for each of your accounts' 'y\n' 'region for the profiles' '\n'`
			if !strings.Contains(line, " --session") {
				answers = `'name for its sso-session' 'corp\n' ` + answers
			}
			line = "signin alice at " + answers + " -- " + line
		case strings.HasPrefix(line, "rolecall idc serve"):
			line = "serves " + line
		case strings.HasPrefix(line, "rolecall serve") && !strings.Contains(line, " --"):
			line = "hands " + line
		}
		b.WriteString("echo ': " + strings.ReplaceAll(line, "'", `'\''`) + "'\n" + line + "\n")
	}
	return b.String()
}

// shown returns a block of commands and what they print, as the test runs and compares it.
func shown(block string) string {
	var b strings.Builder
	for part := range strings.SplitSeq("\n"+block, "\n$ ") {
		if command, prints, _ := strings.Cut(part, "\n"); command != "" {
			fmt.Fprintf(&b, "{ %s; } >printed 2>&1 || :\ndiff - printed <<'END'\n%sEND\n", command, prints)
		}
	}
	return b.String()
}

// prelude makes the shell of a page: what it starts beside ends with it, and a server of the page's own takes the place
// of the world's Identity Center, and an empty config file that of the world's, until somebody signs in to corp.
const prelude = `
saved=$(env | sed -n 's/^AWS_ENDPOINT_URL_/export &/p')
corp() {
	eval "$saved"
	unset ROLECALL_IDC_URL
	if test -e ~/.aws/corp; then mv ~/.aws/corp ~/.aws/config; fi
}
serves() {
	rm -f served && touch served
	("$@" --port 0 >served 2>&1 & echo $! >>beside)
	until grep -q '^ready ' served; do sleep 0.1; done
	if test ! -e ~/.aws/corp; then mv ~/.aws/config ~/.aws/corp; fi
	for name in $(compgen -v AWS_ENDPOINT_URL_); do unset "$name"; done
	export ROLECALL_IDC_URL=$(sed -n 's/^ready //p' served)
}
hands() {
	("$@" >handed 2>&1 & echo $! >>beside)
	until rolecall serve --status >/dev/null 2>&1; do sleep 0.1; done
}
# theirs REGION: an empty home, and under AWS's own names an Identity Center that plays AWS.
theirs() {
	mkdir $1
	export HOME=$PWD/$1
	for name in $(compgen -v AWS_) ROLECALL_IDC_URL HTTPS_PROXY NO_PROXY; do unset "$name"; done
	(rolecall idc serve --region $1 --port 0 >theirs 2>&1 & echo $! >>beside)
	until grep -q '^ready ' theirs; do sleep 0.1; done
	eval "$(ROLECALL_IDC_URL=$(sed -n 's/^ready //p' theirs) rolecall idc env --proxy)"
}
trap 'for id in $(cat beside 2>/dev/null); do kill $id 2>/dev/null || :; done' EXIT
`

func runPage(t *testing.T, aws awsCLI, script string) {
	w := aWorld(t, oidc.Options{})
	dir := t.TempDir()
	asks := "#!/bin/sh\necho \"$(basename $0) $1: $(aws sts get-caller-identity --query Arn --output text)\"\n"
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "aws"), []byte("#!/bin/sh\nexec "+strings.Join(aws.argv, " ")+" \"$@\"\n"), 0o700),
		os.WriteFile(filepath.Join(dir, "terraform"), []byte(asks), 0o700),
		os.WriteFile(filepath.Join(dir, "code"), []byte(asks), 0o700),
		os.WriteFile(filepath.Join(dir, "deploy.sh"), []byte(asks), 0o700),
		os.WriteFile(filepath.Join(dir, "ssh"), []byte("#!/bin/sh\ncd $(mktemp -d) && exec sh -ec \"$2\"\n"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-e", "-c", prelude+script)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(w.environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "PS1=$ ")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// toldBy fails if none of some stories runs the commands of a block: their words and options, whatever the values.
//
// Of a console, they expect each line that a command prints, and type what stands after "> ".
func toldBy(t *testing.T, page, stories string, console bool, block string) {
	t.Helper()
	var told []byte
	for story := range strings.SplitSeq(stories, ",") {
		text, err := os.ReadFile(filepath.Join("testdata/stories", story+".txtar"))
		if err != nil {
			t.Errorf("%s: %v", page, err)
		}
		told = append(told, text...)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(block), "\n") {
		var words []string
		if command, prompt := strings.CutPrefix(line, "$ "); console && !prompt {
			if answer, typed := strings.CutPrefix(line, "> "); typed {
				line = `'` + answer + `\n'`
			}
			if !bytes.Contains(told, []byte(line)) {
				t.Errorf("%s: the stories %s do not show %s", page, stories, line)
			}
			continue
		} else if console {
			line = command
		}
		for n, word := range strings.Fields(comment.ReplaceAllString(line, "")) {
			if n < 3 || strings.HasPrefix(word, "--") {
				words = append(words, regexp.QuoteMeta(word))
			}
		}
		if !regexp.MustCompile(strings.Join(words, " (.* )?") + `\b`).Match(told) {
			t.Errorf("%s: the stories %s do not run %q", page, stories, line)
		}
	}
}
