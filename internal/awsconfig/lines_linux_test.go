package awsconfig_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"rolecall/internal/awsconfig"
)

// A lineCase is a file, the region that each tool finds in profile x, and a part of what config show says of it.
type lineCase struct {
	text         string
	botocore     string
	goSDK, jsSDK string
	said         string
}

func lineCases() []lineCase {
	const x, none = "[profile x]\n", ""
	wide := func(text string) string {
		var b strings.Builder
		for _, c := range []byte(text) {
			b.Write([]byte{c, 0})
		}
		return "\xff\xfe" + b.String()
	}
	return []lineCase{
		{x + "region = aa-b-1", "aa-b-1", "aa-b-1", "aa-b-1", ""},
		{x + `region = "aa-b-1"`, `"aa-b-1"`, "aa-b-1", `"aa-b-1"`, "only the Go SDK removes a pair of them"},
		{x + `region = 'aa-b-1'`, `'aa-b-1'`, "aa-b-1", `'aa-b-1'`, "only the Go SDK removes a pair of them"},
		{x + `region = "aa-b-1`, `"aa-b-1`, `"aa-b-1`, `"aa-b-1`, "quotes are part of the value"},
		{x + "region = aa-b-1 # c", "aa-b-1 # c", "aa-b-1", "aa-b-1", "of the value for botocore, and a comment"},
		{x + "region = aa-b-1\t; c", "aa-b-1\t; c", "aa-b-1", "aa-b-1", "of the value for botocore, and a comment"},
		{x + "region = # c", "# c", none, none, "of the value for botocore, and a comment"},
		{x + "region: aa-b-1", "aa-b-1", "aa-b-1", none, "botocore and the Go SDK read it, the JavaScript"},
		{x + "REGION = aa-b-1", "aa-b-1", "aa-b-1", none, "botocore, the Go SDK and the Rust SDK read region; other SDKs"},
		{x + "region aa-b-1", "refused", none, none, "botocore rejects the file"},
		{x + "region aa-b-1 = c", none, none, none, "no tool reads it"},
		{x + "reg-ion = aa-b-1", none, none, none, "no tool knows this key"},
		{x + "output = json\n  region = aa-b-1", none, "aa-b-1", "aa-b-1", "only the Go and JavaScript SDKs read it"},
		{x + "output = json\n\u00a0region = aa-b-1", none, "aa-b-1", "aa-b-1", "only the Go and JavaScript SDKs read it"},
		{x + "  region = aa-b-1", "aa-b-1", "aa-b-1", "aa-b-1", "is indented directly below the header"},
		{x + "region\u00a0= aa-b-1", "aa-b-1", "aa-b-1", "aa-b-1", "U+00A0"},
		{x + "region = aa-b-1\u200b", "aa-b-1\u200b", "aa-b-1\u200b", "aa-b-1\u200b", "U+200B"},
		{x + "region = c\nregion = aa-b-1", "refused", "aa-b-1", "aa-b-1", "other tools use the last one"},
		{x + "output = c\n" + x + "region = aa-b-1", "refused", "aa-b-1", "aa-b-1", "other tools merge both"},
		{
			"[default]\noutput = json\n [profile x]\nregion = aa-b-1", none, "aa-b-1", "aa-b-1",
			"part of this value for botocore; the Go and JavaScript SDKs begin a section",
		},
		{"\ufeff" + x + "region = aa-b-1", "refused", none, "aa-b-1", "the Go SDK skips the first line"},
		{"[profile x]\rregion = aa-b-1\r", "aa-b-1", none, none, "botocore and the Java SDK end the line there"},
		{wide(x + "region = aa-b-1"), "refused", none, none, "no tool can read it"},
		{x + "region = aa-b-1\n[profile é\xe9]\n", "refused", "aa-b-1", "aa-b-1", "botocore rejects the file"},
	}
}

// What config show says of a line, botocore, the Go SDK and the JavaScript SDK do.
func TestToolsReadLinesAsReported(t *testing.T) {
	cases := lineCases()
	folder := t.TempDir()
	var pairs []filePair
	for i, c := range cases {
		path := filepath.Join(folder, fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, filePair{c.text, awsconfig.Files{Config: path, Credentials: os.DevNull}})
	}
	region := func(a botocoreAnswer) string {
		if a.Refusal != "" {
			return "refused"
		}
		value, _ := a.Profiles["x"]["region"].(string)
		return value
	}
	fromBotocore, fromJS := askBotocore(t, pairs), askJavaScript(t, pairs)
	for i, c := range cases {
		inGo := ""
		shared, err := config.LoadSharedConfigProfile(t.Context(), "x", func(o *config.LoadSharedConfigOptions) {
			o.ConfigFiles, o.CredentialsFiles = []string{pairs[i].Config}, []string{os.DevNull}
		})
		if err == nil {
			inGo = shared.Region
		}
		got := [3]string{region(fromBotocore[i]), inGo, region(fromJS[i])}
		if want := [3]string{c.botocore, c.goSDK, c.jsSDK}; got != want {
			t.Errorf("%q: botocore, Go and JavaScript read %q, want %q", c.text, got, want)
		}
		if said := allProblems(pairs[i].Files); !strings.Contains(said, c.said) || (c.said == "") != (said == "") {
			t.Errorf("%q: said is %s", c.text, said)
		}
	}
}

// allProblems is what rolecall says of files, be it that it refuses them.
func allProblems(files awsconfig.Files) string {
	c, err := awsconfig.Open(files)
	if err != nil {
		return err.Error()
	}
	var said strings.Builder
	for _, p := range c.Report().Problems {
		said.WriteString(p.Text + "\n")
	}
	return said.String()
}
