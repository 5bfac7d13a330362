//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/oidc"
)

// shellBlock matches a block of commands, with the mark of those that no test runs.
var shellBlock = regexp.MustCompile("(?ms)^```(?:sh|bash)(?: ([^\n]*))?\n(.*?)^```")

// sitePages are the pages of the site, and the files of docs that they show.
func sitePages(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"../../site/pages/*.md", "../../docs/*.md", "../../SECURITY.md"} {
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
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		script := ""
		for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
			if story, isStory := strings.CutPrefix(block[1], "story:"); isStory {
				toldBy(t, path, story, block[2])
				continue
			}
			if block[1] == "" {
				script += forTest(block[2])
				ran += strings.Count(block[2], "\n")
			}
		}
		if script == "" {
			continue
		}
		if !strings.Contains(script, "rolecall login") {
			script = "signin alice rolecall login corp\n" + script
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".md"), func(t *testing.T) {
			t.Parallel()
			runPage(t, aws, script)
		})
	}
	if ran < 70 {
		t.Errorf("only %d lines were found", ran)
	}
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
		case strings.HasPrefix(line, "rolecall idc serve"):
			line = "serves " + line
		case strings.HasPrefix(line, "rolecall serve") && !strings.Contains(line, " --"):
			line = "hands " + line
		}
		b.WriteString("echo ': " + strings.ReplaceAll(line, "'", `'\''`) + "'\n" + line + "\n")
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
func toldBy(t *testing.T, page, stories, block string) {
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
