package console

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Each name leads to a page that exists, no name is there twice, and each page has a name.
func TestServices(t *testing.T) {
	text, err := os.ReadFile("testdata/paths.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		if !strings.HasPrefix(line, "#") {
			known[line] = false
		}
	}
	for name, s := range services() {
		if _, ok := known[s.path]; !ok || !isService(name) || !Known(strings.ToUpper(name)) {
			t.Errorf("%s leads to %q", name, s.path)
		}
		known[s.path] = true
	}
	for path, named := range known {
		if !named {
			t.Errorf("%s has no name", path)
		}
	}
	if len(services()) < 200 || len(known) < 100 {
		t.Errorf("%d names of %d pages", len(services()), len(known))
	}
	var names []string
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		fields := strings.Fields(line)
		names = append(names, fields[1:]...)
		if !strings.ContainsAny(fields[0], "/#") {
			names = append(names, fields[0])
		}
	}
	slices.Sort(names)
	for i := range names[1:] {
		if names[i] == names[i+1] {
			t.Errorf("%s is there twice", names[i])
		}
	}
}

// Names that are not paths (handout.md) lead where AWS's own links lead.
func TestNamesThatAreNoPaths(t *testing.T) {
	const front = "https://eu-west-1.console.aws.amazon.com/"
	for name, want := range map[string]string{
		"cfn": "cloudformation/home?region=eu-west-1", "ssm": "systems-manager/home?region=eu-west-1",
		"sfn": "states/home?region=eu-west-1", "param": "systems-manager/parameters/home?region=eu-west-1",
		"sso": "singlesignon/home?region=eu-west-1", "sqs": "sqs/v3/home?region=eu-west-1",
		"l": "lambda/home?region=eu-west-1", "redshift": "redshiftv2/home?region=eu-west-1",
	} {
		if got, err := Destination(name, "eu-west-1"); err != nil || got != front+want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for region, want := range map[string]string{
		"us-gov-west-1": "https://console.amazonaws-us-gov.com/iam/home",
		"cn-north-1":    "https://console.amazonaws.cn/iam/home",
	} {
		if got, err := Destination("iam", region); err != nil || got != want {
			t.Errorf("iam in %s: %s, %v", region, got, err)
		}
	}
	for text, want := range map[string]bool{
		"s3": true, "S3": true, "": true, "/s3": true, "https://x": true, "zzz": false, "ec3": false,
	} {
		if Known(text) != want {
			t.Errorf("%q: known %v", text, !want)
		}
	}
}
