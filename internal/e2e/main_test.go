//go:build linux

// Package e2e tests rolecall as people use it: the built programs, a terminal, the embedded Identity Center over
// HTTP, the AWS CLI, a browser. Stories are scripts in testdata/stories; they can be read without knowing Go. The tests
// run on Linux, also those of the Windows programs, which wine runs (wine_test.go).
package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// bin is the folder of the programs under test, built once.
var bin string

func TestMain(m *testing.M) {
	testscript.Main(built{m}, map[string]func(){
		"signin": signInMain, "at": atMain, "visit": visitMain, "browse": browseMain, "readonly": readOnlyMain,
		"full": fullMain, "bound": boundMain, "managed": managedMain, "journaled": journaledMain,
		"measured": measuredMain, "onwindows": onWindowsMain, "stranger": strangerMain, "saves": savesMain,
		"gosdk": gosdkMain,
	})
}

// compiling returns a go command that compiles as releases and lint do, so that CI compiles each package once.
func compiling(verb string, args ...string) *exec.Cmd {
	cmd := exec.Command("go", append([]string{verb, "-trimpath"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd
}

// built builds the programs before the tests run.
type built struct{ *testing.M }

func (b built) Run() int {
	dir, err := os.MkdirTemp("", "rolecall-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	build := compiling("build", "-ldflags", "-s -w", "-o", dir+string(filepath.Separator))
	if os.Getenv("GOCOVERDIR") != "" { // "make cover"
		build.Args = append(build.Args, "-cover", "-coverpkg=rolecall/...")
	}
	build.Args = append(build.Args, "rolecall/cmd/...")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer missing.report()
	code := b.M.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}
