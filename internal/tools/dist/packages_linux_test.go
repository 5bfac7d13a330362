package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// asNobody returns a folder that belongs to nobody: makepkg does not run as root.
func asNobody(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rolecall-dist-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func makepkg(folder string, args ...string) *exec.Cmd {
	cmd := exec.Command("makepkg", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "HOME="+folder, "PKGEXT=.pkg.tar", "CARCH=x86_64")
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return cmd
}

// must runs a command and returns its output.
func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// small are the files of a package whose programs only say which version they are.
func small(r *release) []entry {
	var files []entry
	for _, name := range programs {
		files = append(files, entry{name, 0o755, []byte("#!/bin/sh\necho " + name + " " + r.tag + "\n")},
			entry{"man/man1/" + name + ".1", 0o644, []byte(".Dd November 29, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n")})
	}
	return append(files,
		entry{"LICENSE", 0o644, []byte("Apache License\n")},
		entry{"THIRD_PARTY.txt", 0o644, []byte("none\n")},
		entry{"man/man1/rolecall-gone.1", 0o644, []byte(".Dd November 29, 2026\n.Dt X 1\n.Os\n")},
		entry{"completions/rolecall.bash", 0o644, []byte("# old\n")})
}

// smallPackages builds all formats, for linux/amd64.
func smallPackages(t *testing.T, tag string) (path func(format string) string) {
	t.Helper()
	r := aRelease(t, tag)
	r.url = noURL
	if err := r.packages(system{"linux", "amd64"}, "rolecall", small(r)); err != nil {
		t.Fatal(err)
	}
	return func(format string) string { return filepath.Join(r.out, "rolecall"+formats[format]) }
}

// Previews come before the release that they are for, in the order of each package manager.
func TestPreviewsComeFirst(t *testing.T) {
	t.Chdir(here)
	order := []string{"v1.2.2", "v1.2.3-alpha.1", "v1.2.3-beta.1", "v1.2.3-rc.2", "v1.2.3-rc.10", "v1.2.3", "v1.2.10"}
	found := map[string][]string{}
	for _, tag := range order {
		path := smallPackages(t, tag)
		found["deb"] = append(found["deb"], must(t, "dpkg-deb", "-f", path("deb"), "Version"))
		found["rpm"] = append(found["rpm"], must(t, "rpm", "--dbpath", t.TempDir(), "-qp", "--qf", "%{VERSION}-%{RELEASE}",
			path("rpm")))
		for _, format := range []string{"archlinux", "apk"} {
			info := must(t, "tar", "-xOf", path(format), ".PKGINFO")
			version := regexp.MustCompile(`(?m)^pkgver = (\S+)$`).FindStringSubmatch(info)
			if version == nil {
				t.Fatalf("%s of %s has no version:\n%s", format, tag, info)
			}
			found[format] = append(found[format], version[1])
		}
	}
	const vercmp = "%%{lua:print(rpm.vercmp('%s','%s'))}"
	for i := range order[1:] {
		must(t, "dpkg", "--compare-versions", found["deb"][i], "lt", found["deb"][i+1])
		for format, compare := range map[string][]string{
			"rpm":       {"rpm", "--eval", fmt.Sprintf(vercmp, found["rpm"][i], found["rpm"][i+1])},
			"archlinux": {"vercmp", found["archlinux"][i], found["archlinux"][i+1]},
		} {
			if answer := must(t, compare[0], compare[1:]...); answer != "-1" {
				t.Errorf("%s: %s against %s: %s", format, found[format][i], found[format][i+1], answer)
			}
		}
	}
	// There is no apk here to ask: its versions are numbers, a suffix that it knows, and a revision.
	want := []string{
		"1.2.2-r1", "1.2.3_alpha1-r1", "1.2.3_beta1-r1", "1.2.3_rc2-r1", "1.2.3_rc10-r1", "1.2.3-r1", "1.2.10-r1",
	}
	if !slices.Equal(found["apk"], want) {
		t.Errorf("apk: %v", found["apk"])
	}
}

// built builds the release for linux/amd64, twice: builds of one commit are the same bytes, wherever they are made, and
// by whom. The second one has no network for modules. Both share what the compiler has cached, where with -trimpath a
// package's key says nothing of its folder; "make redist" compiles all of it again.
func built(t *testing.T) (folder string) {
	t.Helper()
	var releases []string
	for i, name := range []string{"one", "another folder with blanks"} {
		checkout := filepath.Join(t.TempDir(), name)
		copied(t, checkout)
		out := filepath.Join(t.TempDir(), "out")
		cmd := exec.Command("sh", "-c", `umask $0; exec go run ./internal/tools/dist "$@"`, []string{"022", "077"}[i],
			"-version", "v1.2.3", "-systems", "linux/amd64", "-out", out)
		cmd.Dir = checkout
		if i == 1 {
			cmd.Env = append(os.Environ(), "TZ=Pacific/Kiritimati", "LC_ALL=C", "USER=somebody", "GOAMD64=v2", "GOPROXY=off",
				"GOFLAGS=-buildvcs=true", "XDG_CONFIG_HOME="+t.TempDir())
		}
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		releases = append(releases, out)
	}
	if out, err := exec.Command("diff", "-r", releases[0], releases[1]).CombinedOutput(); err != nil {
		t.Errorf("two builds of one commit are not equal: %v\n%s", err, out)
	}
	return releases[0]
}

// The site says how to install the programs from a checkout.
func TestMakeInstall(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(here, "site/pages/start.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)\n```sh system\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("start.md has no such block")
	}
	checkout, home := t.TempDir(), t.TempDir()
	copied(t, checkout)
	const use = `cd "$HOME/.local/bin" && test -x rolecall-process && ./rolecall version`
	cmd := exec.Command("sh", "-ec", string(block[1])+use)
	cmd.Dir = checkout
	cmd.Env = append(os.Environ(), "HOME="+home, "VERSION=v1.2.3")
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		cmd.Env = append(cmd.Env, name+"="+must(t, "go", "env", name))
	}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "rolecall v1.2.3\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A preview is drafted as one: else it would be the latest release for people, and for Scoop.
func TestMakePublish(t *testing.T) {
	out, tools := t.TempDir(), t.TempDir()
	if err := errors.Join(
		os.Mkdir(filepath.Join(out, "manifests"), 0o700),
		os.WriteFile(filepath.Join(out, sumsFile), nil, 0o600),
		os.WriteFile(filepath.Join(tools, "gh"), []byte("#!/bin/sh\necho gh \"$@\"\ncat\n"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	for version, preview := range map[string]bool{"v1.2.3": false, "v1.2.3-rc.1": true} {
		said := must(t, "make", "-C", here, "publish", "VERSION="+version, "OUT="+out)
		_, call, _ := strings.Cut(said, "\ngh release create "+version+" --draft --verify-tag ")
		for word, want := range map[string]bool{
			"--prerelease": preview, sumsFile: true, "manifests.tar.gz": true, "\n## ": true, // the notes
		} {
			if strings.Contains(call, word) != want {
				t.Errorf("%s: %s: %v, want %v, in\n%s", version, word, !want, want, said)
			}
		}
	}
}

// A checkout has the bytes of its commit, with the settings of Git for Windows, too.
func TestCheckoutsAreAlike(t *testing.T) {
	one, other := t.TempDir(), filepath.Join(t.TempDir(), "other")
	copied(t, one)
	commit(t, one, "clone", "-q", "-c", "core.autocrlf=true", ".", other)
	must(t, "diff", "-rq", "--exclude=.git", one, other)
}

// copied makes a repository of this checkout's files as they are, with one commit.
func copied(t *testing.T, folder string) {
	t.Helper()
	list, err := exec.Command("git", "-C", here, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range bytes.SplitSeq(bytes.TrimRight(list, "\x00"), []byte{0}) {
		from, to := filepath.Join(here, string(name)), filepath.Join(folder, string(name))
		info, err := os.Lstat(from)
		if err != nil || !info.Mode().IsRegular() { // one that was removed; the fonts and pictures do not matter here
			continue
		}
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, folder, "init", "-q")
	commit(t, folder, "add", "--all", "--force")
	commit(t, folder, "commit", "-q", "-m", "all")
}

// checkSums checks that SHA256SUMS has every file of the release.
func checkSums(t *testing.T, folder string) {
	t.Helper()
	cmd := exec.Command("sha256sum", "--check", "--strict", sumsFile)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.IsDir() && f.Name() != sumsFile && !strings.Contains(string(out), f.Name()+": OK") {
			t.Errorf("%s is not in %s", f.Name(), sumsFile)
		}
	}
}

// known are findings of rpmlint that are right as they are: packages are signed by whoever publishes them, and this
// rpmlint does not take a program without a section of symbols for one, as Go's are.
var known = []string{"no-signature", "no-binary"}

// behindGlass runs a command that unpacks packages by their absolute names, which as root would be into this very
// system: what it writes below /usr is in memory, and gone with it.
const behindGlass = `mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir /mnt/up /mnt/work /mnt/home &&
export HOME=/mnt/home &&
mount -t overlay -o lowerdir=/usr,upperdir=/mnt/up,workdir=/mnt/work overlay /usr && exec "$@"`

func checkWithLinters(t *testing.T, deb, rpm string) {
	t.Helper()
	out, err := exec.Command("lintian", "--allow-root", "--fail-on", "error,warning", deb).CombinedOutput()
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("lintian: %v\n%s", err, out)
	}
	out, _ = exec.Command("unshare", "--mount", "--map-root-user", "--propagation", "private", "sh", "-c", behindGlass,
		"sh", "rpmlint", rpm).CombinedOutput() // its exit code counts the known ones, too
	if _, err := os.Lstat("/usr/share/licenses/rolecall"); err == nil {
		t.Error("rpmlint has unpacked the package into this system")
	}
	if !bytes.Contains(out, []byte("1 packages and 0 specfiles checked")) {
		t.Errorf("rpmlint: %s", out)
	}
	for _, found := range regexp.MustCompile(`(?m)^\S+: E: (\S+).*$`).FindAllSubmatch(out, -1) {
		if !slices.Contains(known, string(found[1])) {
			t.Errorf("rpmlint: %s", found[0])
		}
	}
}
