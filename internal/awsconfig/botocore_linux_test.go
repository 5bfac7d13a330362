package awsconfig_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rolecall/internal/awsconfig"
)

// refusals explains, by Python's exception, why awsconfig reads a file that botocore refuses, or why it does not.
var refusals = map[string]string{
	"DuplicateSectionError": "other SDKs merge both sections",
	"DuplicateOptionError":  "other SDKs take the last value",
	"ParsingError": "other SDKs pass over a line without a delimiter or key; a header without its ] is " +
		"refused here too, since the keys below it would count for the section above",
	"ValueError":         "other SDKs pass over a line without = in a nested block",
	"UnicodeDecodeError": "other SDKs read bytes, and the section in question may be pure ASCII",
	"MissingSectionHeaderError": "other SDKs read a file with a byte order mark; keys before the first section are " +
		"refused here too, since nobody can have meant them",
}

type filePair struct {
	name string
	awsconfig.Files
}

type botocoreAnswer struct {
	Refusal  string                    `json:"refusal"`
	Profiles map[string]map[string]any `json:"profile"`
	Sessions map[string]map[string]any `json:"sso-session"`
	Services map[string]map[string]any `json:"services"`
}

func TestValuesAreThoseOfBotocore(t *testing.T) {
	pairs := append(corpus(t), generated(t, 300)...)
	read, refused := 0, 0
	for i, want := range askBotocore(t, pairs) {
		pair := pairs[i]
		config, err := awsconfig.Open(pair.Files)
		if want.Refusal != "" {
			refused++
			if refusals[want.Refusal] == "" {
				t.Errorf("%s: botocore rejects the file for a reason that is not in the table: %s", pair.name, want.Refusal)
			}
			if err == nil && !saysRefused(config) {
				t.Errorf("%s: botocore rejects the file (%s), and the report does not say so\n%s", pair.name, want.Refusal,
					content(pair))
			}
			if strings.HasPrefix(pair.name, "refuse-") != (err != nil) && !strings.HasPrefix(pair.name, "generated") {
				t.Errorf("%s: Open: %v", pair.name, err)
			}
			continue
		}
		read++
		if err != nil {
			t.Errorf("%s: botocore reads the file: %v\n%s", pair.name, err, content(pair))
			continue
		}
		if saysRefused(config) {
			t.Errorf("%s: botocore reads the file, and the report says that it does not\n%s", pair.name, content(pair))
		}
		got := botocoreAnswer{
			Profiles: config.All("profile"), Sessions: config.All("sso-session"),
			Services: config.All("services"),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-botocore +awsconfig):\n%s%s", pair.name, diff, content(pair))
		}
	}
	if read < 150 || refused < 30 {
		t.Errorf("the files test too little: botocore reads %d and refuses %d", read, refused)
	}
}

func saysRefused(config *awsconfig.Config) bool {
	for _, p := range config.Report().Problems {
		if strings.Contains(p.Text, "botocore rejects the file") {
			return true
		}
	}
	return false
}

func content(pair filePair) string {
	config, _ := os.ReadFile(pair.Config)
	credentials, _ := os.ReadFile(pair.Credentials)
	return fmt.Sprintf("config: %q\ncredentials: %q", config, credentials)
}

func corpus(t *testing.T) []filePair {
	names, err := filepath.Glob("testdata/*.ini")
	if err != nil || len(names) == 0 {
		t.Fatal("no corpus in testdata", err)
	}
	var pairs []filePair
	for _, name := range names {
		stem := strings.TrimSuffix(name, ".ini")
		pairs = append(pairs,
			filePair{filepath.Base(stem), awsconfig.Files{Config: name, Credentials: stem + ".credentials"}})
	}
	return pairs
}

// askBotocore starts Python once for all files.
func askBotocore(t *testing.T, pairs []filePair) []botocoreAnswer {
	var request [][2]string
	for _, pair := range pairs {
		request = append(request, [2]string{pair.Config, pair.Credentials})
	}
	input, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var errors bytes.Buffer
	command := exec.CommandContext(t.Context(), "/usr/bin/python3", "-X", "utf8", "testdata/botocore.py")
	command.Stdin, command.Stderr = bytes.NewReader(input), &errors
	command.Env = []string{"HOME=" + t.TempDir(), "PYTHONDONTWRITEBYTECODE=1"}
	output, err := command.Output()
	if err != nil {
		t.Fatalf("botocore does not run; on Debian: apt-get install awscli\n%v\n%s", err, &errors)
	}
	var answers []botocoreAnswer
	if err := json.Unmarshal(output, &answers); err != nil || len(answers) != len(pairs) {
		t.Fatalf("%d answers for %d files: %v", len(answers), len(pairs), err)
	}
	return answers
}

func generated(t *testing.T, count int) []filePair {
	folder := t.TempDir()
	var pairs []filePair
	for i := range count {
		g := &generator{Rand: rand.New(rand.NewPCG(1, uint64(i)))}
		name := fmt.Sprintf("generated-%03d", i)
		pair := filePair{name, awsconfig.Files{
			Config:      filepath.Join(folder, name),
			Credentials: filepath.Join(folder, name+".credentials"),
		}}
		write := func(path, text string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(pair.Config, g.file(configHeaders))
		if g.chance(3) {
			write(pair.Credentials, g.file(credentialsHeaders))
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

var (
	configHeaders = []string{
		"default", "profile a", "profile b", `profile "a b"`, "profile 'c'", "profile c", "profile\td", "profile e ",
		`profile f\ g`,
		"profile default", "profilex h", "profile", `profile "open`, "profile a]b", "profile ünï", "sso-session corp",
		`sso-session "my corp"`,
		"sso-session x", "services s", "services 't u'", "DEFAULT", "preview", " default", "profile two words",
	}
	credentialsHeaders = []string{
		"default", "a", "b", "a b", "c", " d", "profile a", `"quoted"`, "DEFAULT", "ünï",
		"only here",
	}
	generatedKeys = []string{
		"region", "Output", "sso_session", "SSO_START_URL", "sso_region", "s3", "services",
		"sso", "sso_oidc", "role arn", "x", "y.z", "[k",
	}
	generatedValues = []string{
		"us-east-1", "json", "https://a.awsapps.com/start#/", "a = b", "a:b", "x # y", "; z",
		`"quoted"`, "%(x)s", "", "", "", "ü", "a\tb", "[profile v]", "\u00a0p",
	}
	generatedBlanks = []string{"", "", "", " ", "  ", "\t", "    ", "\f"}
)

// A generator mixes the features of the format. Duplicates, and what else botocore refuses, are rare enough for most
// files to be readable.
type generator struct {
	*rand.Rand
	strings.Builder
}

func (g *generator) chance(oneIn int) bool { return g.IntN(oneIn) == 0 }

func (g *generator) one(list []string) string { return list[g.IntN(len(list))] }

func (g *generator) file(headers []string) string {
	g.Reset()
	if g.chance(60) {
		g.WriteString("\ufeff")
	}
	newline := "\n"
	if g.chance(5) {
		newline = "\r\n"
	} else if g.chance(15) {
		newline = "\r"
	}
	for i, at := range g.Perm(len(headers))[:1+g.IntN(7)] {
		if g.chance(60) && i > 0 {
			at = 0
		}
		indent := ""
		if g.chance(8) {
			indent = g.one(generatedBlanks)
		}
		g.WriteString(indent + "[" + headers[at] + "]")
		if g.chance(6) {
			g.WriteString(" # text")
		}
		g.WriteString(newline)
		for _, at := range g.Perm(len(generatedKeys))[:g.IntN(6)] {
			g.filler(newline)
			if g.chance(150) {
				at = 0
			}
			g.property(generatedKeys[at], indent, newline)
		}
	}
	text := g.String()
	if g.chance(4) {
		text = strings.TrimRight(text, "\r\n")
	}
	return text
}

func (g *generator) filler(newline string) {
	switch g.IntN(12) {
	case 0:
		g.WriteString(g.one(generatedBlanks) + newline)
	case 1:
		g.WriteString(g.one(generatedBlanks) + "# comment = x" + newline)
	case 2:
		g.WriteString("; comment" + newline)
	}
	if g.chance(200) {
		g.WriteString("bare words" + newline)
	}
}

func (g *generator) property(key, indent, newline string) {
	if g.chance(10) {
		indent = g.one(generatedBlanks)
	}
	value := g.one(generatedValues)
	delimiter := g.one([]string{" = ", "=", " : ", ":", "\t=\t"})
	g.WriteString(indent + key + delimiter + value + g.one(generatedBlanks) + newline)
	if !g.chance(3) {
		return
	}
	for range 1 + g.IntN(3) {
		g.filler(newline)
		line := g.one([]string{"endpoint_url = http://localhost:1/#x", "Key=a=b", "k =", "k = v"})
		if value != "" || g.chance(40) {
			line = g.one([]string{"more", "k = v", "[profile in value]", "x : y"})
		}
		g.WriteString(indent + g.one([]string{" ", "  ", "\t", "      "}) + line + newline)
	}
}
