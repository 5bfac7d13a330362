package doctor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/doctor"
)

// The version of a program's SDK is read from the file, whichever way it was installed; no program is run.
func TestVersionsOfTools(t *testing.T) {
	unixOnly(t)
	for place, want := range map[string]string{
		"aws-cli/v2/2.8.13/bin":                "the AWS CLI is 2.8.13",
		"aws-cli/v2/2.9.0/bin":                 "",
		"opt/homebrew/Cellar/awscli/2.7.1/bin": "the AWS CLI is 2.7.1",
		"nix/store/0abc-awscli2-2.8.0/bin":     "the AWS CLI is 2.8.0",
		"somewhere/bin":                        "",
	} {
		m := clean(t)
		m.must(os.Remove(filepath.Join(m.bin, "aws")))
		link := m.bin
		m.bin = filepath.Join(m.WorkingDir, place)
		m.must(os.Symlink(m.program("aws"), filepath.Join(link, "aws")))
		m.must(os.RemoveAll(filepath.Join(link, "..", "lib")))
		if text := said(m.examine()); want == "" && text != "" || !strings.Contains(text, want) {
			t.Errorf("%s: %q, want %q", place, text, want)
		}
	}
	for name, old := range map[string]bool{
		"awscli-1.22.34.dist-info": true, "awscli-1.22.34-py3.10.egg-info": true, "awscli-1.29.0.dist-info": false,
	} {
		m := clean(t)
		lib := filepath.Join(m.bin, "..", "lib")
		m.must(os.RemoveAll(lib))
		m.folder(filepath.Join(lib, "python3", "dist-packages", name))
		if text := said(m.examine()); strings.Contains(text, "the AWS CLI is 1.22.34") != old {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestAnOldSDKInAGoProgram(t *testing.T) {
	unixOnly(t)
	for version, want := range map[string][]string{"v1.44.122": {"tools.old-sdk"}, "v1.44.298": nil} {
		m := clean(t)
		dir := t.TempDir()
		for name, text := range map[string]string{
			"go.mod": "module example.com/terraform\nrequire github.com/aws/aws-sdk-go " + version +
				"\nreplace github.com/aws/aws-sdk-go => ./sdk\n",
			"main.go":    "package main\nimport _ \"github.com/aws/aws-sdk-go\"\nfunc main() {}\n",
			"sdk/go.mod": "module github.com/aws/aws-sdk-go\n",
			"sdk/sdk.go": "package sdk\n",
		} {
			path := filepath.Join(dir, name)
			m.folder(filepath.Dir(path))
			m.must(os.WriteFile(path, []byte(text), 0o600))
		}
		build := exec.Command("go", "build", "-o", filepath.Join(m.bin, "terraform"), ".")
		build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if got := ids(m.examine()); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

// Before there are sso-sessions nobody needs to know of old programs, but for who is about to write the first.
func TestOldToolsWithoutSessions(t *testing.T) {
	unixOnly(t)
	m := clean(t)
	m.must(os.RemoveAll(filepath.Join(m.bin, "..", "lib")))
	m.folder(filepath.Join(m.bin, "..", "lib", "python3", "dist-packages", "awscli-1.22.34.dist-info"))
	m.must(os.WriteFile(filepath.Join(m.Home, ".aws", "config"), []byte("[default]\nregion = eu-west-1\n"), 0o600))
	if got := ids(m.examine()); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if old := doctor.OldTools(m.Machine); len(old) != 1 || old[0].What != "the AWS CLI is 1.22.34" {
		t.Errorf("%v", old)
	}
}
