package awsconfig_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
	"rolecall/internal/awsconfig/sdkcases"
)

const (
	botocore  = "botocore"
	goSDK     = "the Go SDK"
	jsSDK     = "the JavaScript SDK"
	otherSDKs = "the Java, Kotlin and Rust SDKs"
)

// The AWS SDKs' table of cases, and rolecall's reading, which is botocore's: each difference is reported.
func TestDifferencesFromTheSDKsAreReported(t *testing.T) {
	cases := sdkcases.All()
	var pairs []filePair
	folder := t.TempDir()
	for i, c := range cases {
		path := filepath.Join(folder, fmt.Sprint(i))
		pairs = append(pairs, filePair{c.Name, awsconfig.Files{Config: path, Credentials: path + ".credentials"}})
		for file, text := range map[string]string{path: c.Config, path + ".credentials": c.Credentials} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	differ := 0
	for i, answer := range askBotocore(t, pairs) {
		c := cases[i]
		t.Run(c.Name, func(t *testing.T) {
			config, err := awsconfig.Open(pairs[i].Files)
			got := "refused"
			if err == nil && !saysRefused(config) {
				got = rendered(config.All("profile"), config.All("sso-session"), config.All("services"))
			}
			want := "refused"
			if answer.Refusal == "" {
				want = rendered(answer.Profiles, answer.Sessions, answer.Services)
			}
			if got != want {
				t.Fatalf("rolecall reads %s, botocore %s", got, want)
			}
			if got != c.Want {
				differ++
			}
			if (got != c.Want) != (len(c.Reports) > 0) {
				t.Fatalf("the SDKs read %s, botocore %s: reports %v", c.Want, got, c.Reports)
			}
			for _, r := range c.Reports {
				if !reports(config, r) {
					t.Errorf("config show does not name %s at line %d: %+v", r.Tool, r.Line, config.Report().Problems)
				}
			}
		})
	}
	if len(cases) < 72 || differ < 20 {
		t.Errorf("%d cases, of which botocore reads %d differently", len(cases), differ)
	}
}

func reports(config *awsconfig.Config, r sdkcases.Report) bool {
	report := config.Report()
	file, line := report.Files.Config, r.Line
	if line < 0 {
		file, line = report.Files.Credentials, -line
	}
	return slices.ContainsFunc(report.Problems, func(p awsconfig.Problem) bool {
		return p.Origin == awsconfig.Origin{File: file, Line: line} && names(p.Text, r.Tool) && p.ID != ""
	})
}

// names reports whether a text names a tool, alone or in a list such as the Go and JavaScript SDKs.
func names(text, tool string) bool {
	tool = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(tool, "the "), " SDK"), " SDKs")
	for _, name := range strings.Split(strings.ReplaceAll(tool, " and ", ", "), ", ") {
		if !strings.Contains(text, name) {
			return false
		}
	}
	return true
}

// rendered writes what a tool has read like foo{key=value s3={a=b}}; sso-session corp{…}; services x{…}.
func rendered(profiles, sessions, services map[string]map[string]any) string {
	var all []string
	add := func(prefix string, sections map[string]map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(sections)) {
			var keys []string
			for _, key := range slices.Sorted(maps.Keys(sections[name])) {
				value := sections[name][key]
				if block, ok := value.(map[string]any); ok {
					var inner []string
					for _, k := range slices.Sorted(maps.Keys(block)) {
						inner = append(inner, fmt.Sprintf("%s=%v", k, block[k]))
					}
					value = "{" + strings.Join(inner, " ") + "}"
				}
				keys = append(keys, fmt.Sprintf("%s=%v", key, value))
			}
			all = append(all, prefix+name+"{"+strings.Join(keys, " ")+"}")
		}
	}
	add("", profiles)
	add("sso-session ", sessions)
	add("services ", services)
	return strings.Join(all, "; ")
}
