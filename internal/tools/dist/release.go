package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	allSystems = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"
	ownModule  = "rolecall"
	// noURL is in manifests of a release without an address: that name can never be anybody's (RFC 2606), so no package
	// manager can load a stranger's program.
	noURL = "https://rolecall.invalid"
	// nobody maintains packages that somebody has built for themselves.
	nobody = "rolecall <rolecall@example.com>"
	about  = "Role credentials for people who sign in through AWS IAM Identity Center"
)

var programs = []string{"rolecall", "rolecall-process"}

// A system is one that programs are built for, in Go's words.
type system struct{ os, arch string }

func (s system) String() string { return s.os + "/" + s.arch }
func (s system) name() string   { return s.os + "_" + s.arch }

func (s system) exe() string {
	if s.os == "windows" {
		return ".exe"
	}
	return ""
}

// A release is what is being built, and from what.
type release struct {
	tag        string // v1.2.3-rc.1
	version    string // 1.2.3-rc.1
	pre        string // rc1, or nothing
	commit     string
	at         time.Time // of the commit: the time of every file
	url        string
	maintainer string
	out        string // a folder that is ours
	work       string // a folder for what is on the way
	systems    []system
}

// name is what the archive and the packages of a system are called, without their ends.
func (r *release) name(s system) string { return "rolecall_" + r.version + "_" + s.name() }

const number = `(?:0|[1-9]\d*)`

// versions are those that all package managers put into the same order.
var versions = regexp.MustCompile(`^v(` + number + `\.` + number + `\.` + number + `)` +
	`(?:-(alpha|beta|rc)\.([1-9]\d*))?$`)

func newRelease(o options) (*release, error) {
	parts := versions.FindStringSubmatch(o.version)
	if parts == nil {
		return nil, fmt.Errorf("%q is no version of a release: make dist VERSION=v1.2.3 (or v1.2.3-rc.1, -beta.1, -alpha.1)",
			o.version)
	}
	r := &release{
		tag: o.version, version: o.version[1:], pre: parts[2] + parts[3],
		url:        strings.TrimRight(cmp.Or(o.url, noURL), "/"),
		maintainer: cmp.Or(o.maintainer, nobody),
	}
	if !regexp.MustCompile(`^https://[A-Za-z0-9./_~-]+$`).MatchString(r.url) {
		return nil, fmt.Errorf("the URL %q is none of a repository: URL=https://HOST/OWNER/rolecall", r.url)
	}
	for name := range strings.SplitSeq(o.systems, ",") {
		goos, arch, _ := strings.Cut(name, "/")
		if !slices.Contains(strings.Split(allSystems, ","), name) {
			return nil, fmt.Errorf("%q is none of the systems %s", name, allSystems)
		}
		r.systems = append(r.systems, system{goos, arch})
	}
	if err := r.source(o.dirty); err != nil {
		return nil, err
	}
	return r, r.clear(o.out)
}

// source learns which commit this is. A release is what a commit says, so changes that are in none are refused.
func (r *release) source(dirty bool) error {
	status, err := git("status", "--porcelain", "--untracked-files=all")
	if err != nil {
		return err
	}
	if status != "" && !dirty {
		return fmt.Errorf("there are changes that are in no commit (DIRTY=1 builds all the same, for trying it):\n%s", status)
	}
	if r.commit, err = git("rev-parse", "HEAD"); err != nil {
		return err
	}
	tagged, err := git("rev-parse", "--quiet", "--verify", "refs/tags/"+r.tag+"^{commit}")
	if err == nil && tagged != r.commit {
		return fmt.Errorf("%s is the commit %s, and this is %s", r.tag, tagged, r.commit)
	}
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		if epoch, err = git("log", "-1", "--format=%ct"); err != nil {
			return err
		}
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	r.at = time.Unix(seconds, 0).UTC()
	return nil
}

// clear makes an empty folder. One that has something else than a release in it is not emptied.
func (r *release) clear(out string) (err error) {
	if r.out, err = filepath.Abs(out); err != nil {
		return err
	}
	old, err := os.ReadDir(r.out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 {
		if _, err := os.Stat(filepath.Join(r.out, sumsFile)); err != nil {
			return fmt.Errorf("%s has files in it, but no release: choose another folder", r.out)
		}
	}
	for _, entry := range old {
		if err := os.RemoveAll(filepath.Join(r.out, entry.Name())); err != nil {
			return err
		}
	}
	// There from the start: a build that is stopped must not keep the next one from this folder.
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, sumsFile), nil, 0o644)
}

func git(args ...string) (string, error) { return output(exec.Command("git", args...)) }

// output is what a command prints; if it fails, the error has what it said.
func output(cmd *exec.Cmd) (string, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &said)
	}
	return strings.TrimSpace(string(out)), nil
}
