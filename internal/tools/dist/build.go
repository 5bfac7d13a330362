package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// host is the system that builds.
var host = system{runtime.GOOS, runtime.GOARCH}

// goFor is Go for a system. Whatever of the environment would show in a program's bytes is set. Programs that only help
// to build are compiled with the same settings: most of their packages are compiled already.
func goFor(s system, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(),
		"GOOS="+s.os, "GOARCH="+s.arch, "GOAMD64=v1", "GOARM64=v8.0", "CGO_ENABLED=0", "GOEXPERIMENT=", "GOFIPS140=off",
		"GOFLAGS=-mod=readonly -trimpath", "GOTOOLCHAIN=local", "GOWORK=off")
	return cmd
}

// compile builds both programs of a system into a folder.
func (r *release) compile(s system, folder string) error {
	set := fmt.Sprintf("-X main.version=%s -X main.commit=%s -X main.date=%s", r.tag, r.commit, r.at.Format(time.RFC3339))
	_, err := output(goFor(s, "build", "-buildvcs=false", "-ldflags", "-s -w -buildid= "+set,
		"-o", folder+string(filepath.Separator), "./cmd/..."))
	return err
}

// common are the files that are the same on all systems.
func (r *release) common() ([]entry, error) {
	var files []entry
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, entry{name, 0o644, text})
	}
	completions, err := r.completions()
	if err != nil {
		return nil, err
	}
	pages, err := r.manual()
	return slices.Concat(files, completions, pages), err
}

// completions asks the built program.
func (r *release) completions() ([]entry, error) {
	folder := filepath.Join(r.work, "here")
	if err := r.compile(host, folder); err != nil {
		return nil, err
	}
	var files []entry
	for shell, name := range map[string]string{
		"bash": "rolecall.bash", "zsh": "_rolecall", "fish": "rolecall.fish", "powershell": "rolecall.ps1",
	} {
		cmd := exec.Command(filepath.Join(folder, "rolecall"+host.exe()), "completion", shell)
		cmd.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME=", "XDG_STATE_HOME=")
		text, err := output(cmd)
		if err != nil {
			return nil, err
		}
		files = append(files, entry{"completions/" + name, 0o644, []byte(text + "\n")})
	}
	slices.SortFunc(files, byName)
	return files, nil
}

// manual has the manual pages, below man/man1 and man/man5.
func (r *release) manual() ([]entry, error) {
	folder := filepath.Join(r.work, "man")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	cmd := goFor(host, "run", "./internal/tools/man", folder)
	cmd.Env = append(cmd.Env, fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.at.Unix()), "VERSION="+r.version, "TZ=UTC")
	if _, err := output(cmd); err != nil {
		return nil, err
	}
	var pages []entry
	for _, section := range []string{"1", "5"} {
		paths, err := filepath.Glob(filepath.Join(folder, "*."+section))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			pages = append(pages, entry{"man/man" + section + "/" + filepath.Base(path), 0o644, text})
		}
	}
	for _, name := range programs {
		if !slices.ContainsFunc(pages, func(e entry) bool { return e.name == "man/man1/"+name+".1" }) {
			return nil, fmt.Errorf("no manual page for %s", name)
		}
	}
	return pages, nil
}

func byName(a, b entry) int { return strings.Compare(a.name, b.name) }

// lines joins what is there, each on a line of its own.
func lines(text ...string) []byte {
	var b bytes.Buffer
	for _, line := range text {
		b.WriteString(line + "\n")
	}
	return b.Bytes()
}
