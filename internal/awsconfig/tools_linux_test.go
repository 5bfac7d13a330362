package awsconfig_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"rolecall/internal/awsconfig"
)

// headers are lines in the spellings that people have for the header of profile, session or services x.
var headers = []string{
	"[profile x]", "[x]", "[ profile x ]", "[profile x ]", "[profile  x]", "[profile\tx]", "[profile \t x]", "[Profile x]",
	"[PROFILE x]", `[profile "x"]`, "[profile 'x']", `[profile"x"]`, "[profile 'two words']", "[profile two words]",
	"[default]", "[ default ]", "[Default]", "[profile default]", "[default profile]", "[profile x] # text",
	"[profile x]; text", "[profile x] text", "[profile x] # [1]", "[profile x!y]", "[profile ü]", "[profile x\u200b]",
	"[profile “x”]", "[profile\u00a0x]", "[\u200bprofile x]", "[profiles x]", "[profilex]", "[profile.x]", "[profile-x]",
	"[[profile x]]", "[profile]", "[profile ]", "[profile x;y]", "[profile x#y]", `[profile x\y]`, "  [profile x]",
	"[sso-session x]", "[sso_session x]", "[sso session x]", "[SSO-Session x]", "[ssosession x]", "[session x]",
	"[sso-session x ]", `[sso-session "x"]`, "[sso-session.x]", "[services x]", "[service x]", "[Services x]",
	"[services]", "[other x]", "[team one]",
}

// What config show says of botocore, the Go SDK and the JavaScript SDK is what they do.
func TestToolsReadHeadersAsReported(t *testing.T) {
	folder := t.TempDir()
	var pairs []filePair
	for i, header := range headers {
		path := filepath.Join(folder, fmt.Sprint(i))
		pair := filePair{header, awsconfig.Files{Config: path}}
		if err := os.WriteFile(path, []byte(header+"\nregion = us-east-1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, pair)
	}
	for _, credentials := range []bool{false, true} {
		for i := range pairs {
			alone := awsconfig.Files{Config: pairs[i].Config, Credentials: os.DevNull}
			if credentials {
				alone = awsconfig.Files{Config: os.DevNull, Credentials: alone.Config}
			}
			pairs[i].Files = alone
		}
		fromBotocore, fromJS := askBotocore(t, pairs), askJavaScript(t, pairs)
		for i, pair := range pairs {
			name := fmt.Sprintf("%q, credentials %v", pair.name, credentials)
			d, err := awsconfig.Parse("config", []byte(pair.name+"\nregion = us-east-1\n"))
			if err != nil {
				t.Fatal(err)
			}
			said := d.Readings(credentials)
			if got := sectionsOf(fromBotocore[i]); !reads(said[botocore], got) {
				t.Errorf("%s: botocore reads %v, said are %q", name, got, said[botocore])
			}
			if got := sectionsOf(fromJS[i]); !reads(said[jsSDK], got) {
				t.Errorf("%s: the JavaScript SDK reads %v, said are %q", name, got, said[jsSDK])
			}
			for _, candidate := range []string{"x", said[goSDK][1], strings.Trim(pair.name, "[] "), "two words", "default"} {
				want := said[goSDK] == [2]string{"profile", candidate}
				if said[goSDK][0] == "sso-session" || said[goSDK][0] == "services" || candidate == "" {
					continue // it also finds them as profiles of their whole header
				}
				if got := goReads(t, pair.Files, candidate); got != want {
					t.Errorf("%s: the Go SDK finds profile %q: %v, said are %q", name, candidate, got, said[goSDK])
				}
			}
		}
	}
}

// sectionsOf lists the sections of an answer, as kind and name.
func sectionsOf(a botocoreAnswer) [][2]string {
	var all [][2]string
	for kind, sections := range map[string]map[string]map[string]any{
		"profile": a.Profiles, "sso-session": a.Sessions, "services": a.Services,
	} {
		for name := range sections {
			all = append(all, [2]string{kind, name})
		}
	}
	return all
}

func reads(said [2]string, got [][2]string) bool {
	if said[0] == "" {
		return len(got) == 0
	}
	return len(got) == 1 && got[0] == said
}

// goReads reports whether the Go SDK finds a profile with its region.
func goReads(t *testing.T, files awsconfig.Files, profile string) bool {
	t.Helper()
	c, err := config.LoadSharedConfigProfile(t.Context(), profile, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{files.Config}, []string{files.Credentials}
	})
	return err == nil && c.Region == "us-east-1"
}

// askJavaScript starts node once for all files.
func askJavaScript(t *testing.T, pairs []filePair) []botocoreAnswer {
	t.Helper()
	const script = `
import { loadSharedConfigFiles } from "@smithy/core/config";
const answers = [];
for (const [configFilepath, filepath] of JSON.parse(process.argv[1])) {
	answers.push(await loadSharedConfigFiles({ configFilepath, filepath, ignoreCache: true }));
}
console.log(JSON.stringify(answers));`
	var files [][2]string
	for _, p := range pairs {
		files = append(files, [2]string{p.Config, p.Credentials})
	}
	argument, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", script, string(argument))
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = "../e2e/testdata/js", &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the JavaScript SDK does not run; install it: sh scripts/needs\n%v\n%s", err, &stderr)
	}
	var read []struct {
		ConfigFile, CredentialsFile map[string]map[string]any
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	answers := make([]botocoreAnswer, len(read))
	for i, r := range read {
		a := &answers[i]
		a.Profiles, a.Sessions, a.Services = r.CredentialsFile, map[string]map[string]any{}, map[string]map[string]any{}
		for key, section := range r.ConfigFile {
			if name, ok := strings.CutPrefix(key, "sso-session."); ok {
				a.Sessions[name] = section
			} else if name, ok := strings.CutPrefix(key, "services."); ok {
				a.Services[name] = section
			} else {
				if a.Profiles == nil {
					a.Profiles = map[string]map[string]any{}
				}
				a.Profiles[key] = section
			}
		}
	}
	return answers
}
