package doctor_test

import (
	"crypto/sha1"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rolecall/internal/doctor"
)

// corp is a config file in which nothing is wrong.
const corp = `[sso-session corp]
sso_start_url = https://d-9067aa01b2.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = ReadOnly
region = eu-central-1
`

// token is a good token of corp.
const token = `{"startUrl": "https://d-9067aa01b2.awsapps.com/start", "region": "eu-west-1",
	"accessToken": "canary-token", "expiresAt": "2026-11-01T13:00:00Z"}`

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// A machine is a home folder with programs and variables, on which a fixture breaks something.
type machine struct {
	t testing.TB
	doctor.Machine
	bin string
	env map[string]string
}

// clean returns a machine on which nothing is wrong.
func clean(t testing.TB) *machine {
	t.Helper()
	root := t.TempDir()
	m := &machine{t: t, bin: filepath.Join(root, "usr", "bin"), env: map[string]string{"SHELL": "/bin/bash"}}
	m.Machine = doctor.Machine{
		Home: filepath.Join(root, "home"), State: filepath.Join(root, "home", ".local", "state", "rolecall"),
		WorkingDir: filepath.Join(root, "work"), System: "linux", Now: now, Openers: []string{"xdg-open"}, Desktop: true,
		Self: filepath.Join(root, "usr", "bin", "rolecall"), OtherOwner: func(fs.FileInfo) bool { return false },
		Quote:  func(text string) string { return "'" + text + "'" },
		Getenv: func(name string) string { return m.env[name] },
	}
	m.env["PATH"] = m.bin
	m.folder(m.WorkingDir)
	m.folder(m.State)
	m.write(".aws/config", corp)
	m.write(".aws/sso/cache/"+sha("corp")+".json", token)
	m.write(".bashrc", "eval \"$(rolecall shell-init bash)\"\nsource <(rolecall completion bash)\n")
	m.program("rolecall")
	m.program("xdg-open")
	m.program("aws")
	m.folder(filepath.Join(root, "usr", "lib", "python3", "dist-packages", "awscli-2.31.0.dist-info"))
	return m
}

func sha(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (m *machine) examine() []doctor.Finding {
	for name, value := range m.env {
		m.Environ = append(m.Environ, name+"="+value)
	}
	return doctor.Examine(m.Machine)
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) folder(path string) {
	m.t.Helper()
	m.must(os.MkdirAll(path, 0o700))
}

// path returns a path in the home folder.
func (m *machine) path(name string) string { return filepath.Join(m.Home, filepath.FromSlash(name)) }

// write writes a file in the home folder, an hour before now.
func (m *machine) write(name, text string) {
	m.t.Helper()
	path := m.path(name)
	m.folder(filepath.Dir(path))
	m.must(os.WriteFile(path, []byte(text), 0o600))
	m.must(os.Chtimes(path, now.Add(-2*time.Hour), now.Add(-2*time.Hour)))
}

// config adds lines to the config file.
func (m *machine) config(text string) { m.write(".aws/config", corp+text) }

func (m *machine) chmod(name string, mode fs.FileMode) {
	m.t.Helper()
	m.must(os.Chmod(m.path(name), mode))
}

func (m *machine) program(name string) string {
	m.t.Helper()
	m.folder(m.bin)
	path := filepath.Join(m.bin, name)
	m.must(os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
	return path
}

// ids lists the ids of findings, each once.
func ids(findings []doctor.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.ID)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// at reports whether a finding names a line of a file.
func at(f doctor.Finding, file string, line int) bool {
	return slices.Contains(f.Where, file+":"+strconv.Itoa(line))
}

// said is everything that findings say.
func said(findings []doctor.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(f.ID + "\n" + f.What + "\n" + strings.Join(f.Where, "\n") + "\n" + strings.Join(f.Remedy, "\n") + "\n")
	}
	return b.String()
}
