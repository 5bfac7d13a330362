package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A root is a small Debian, which scripts/lane has unpacked.
type root struct {
	*testing.T
	dir string
}

// requireRoot skips a test that enters another root, and says so at the end of make test.
func requireRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 {
		return
	}
	report := cmp.Or(os.Getenv("ROLECALL_REPORT"), os.DevNull)
	if file, err := os.OpenFile(report, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintf(file, "%s: not run, since only root can enter another root\n", t.Name())
		file.Close()
	}
	t.Skip("only root can enter another root")
}

func aRoot(t *testing.T) *root {
	t.Helper()
	requireRoot(t)
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	lane := filepath.Join(cmp.Or(os.Getenv("ROLECALL_CACHE"), filepath.Join(home, ".cache", "rolecall-lanes")), "debian")
	if _, err := os.Stat(lane); err != nil {
		t.Fatalf("%v\ninstall it: sh scripts/needs", err)
	}
	r := &root{t, filepath.Join(t.TempDir(), "root")}
	must(t, "cp", "-a", lane+"/.", r.dir)
	for _, folder := range []string{
		"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/log", "packages",
	} {
		if err := os.MkdirAll(filepath.Join(r.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r.write("var/lib/dpkg/status", "")
	return r
}

func (r *root) write(path, text string) {
	r.Helper()
	path = filepath.Join(r.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

// run runs a command inside, with an environment of its own. The mounts end with it.
func (r *root) run(args ...string) string {
	r.Helper()
	const enter = `r=$1; shift; mount --rbind /dev "$r/dev"; mount --rbind /proc "$r/proc"
exec chroot "$r" /usr/bin/env -i HOME=/home/anna PATH=/usr/bin:/usr/sbin LC_ALL=C.UTF-8 "$@"`
	return must(r.T, "unshare", append([]string{"--mount", "sh", "-ec", enter, "sh", r.dir}, args...)...)
}

// files lists all that is in the root, with its mode, size and time. Package managers' own notes do not count.
func (r *root) files() map[string]string {
	r.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, r.dir)
		if err != nil || name == "" {
			return err
		}
		for _, notes := range []string{
			"/var/lib", "/var/log", "/var/cache", "/packages", "/etc/ld.so.cache", "/home", // shells leave files there
		} {
			if name == notes {
				if d.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[name] = info.Mode().String()
		if info.Mode().IsRegular() {
			all[name] += fmt.Sprint(" ", info.Size(), info.ModTime())
		}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return all
}

// same checks that nothing is there that was not there before, that no file is missing, and none is changed. Folders
// may be missing: package managers remove empty ones that no package owns, and here no package but ours is known.
func (r *root) same(what string, before map[string]string) {
	r.Helper()
	after := r.files()
	for name := range maps.Keys(after) {
		if _, there := before[name]; !there {
			r.Errorf("%s leaves %s", what, name)
		}
	}
	for name, content := range before {
		if after[name] != content && !strings.HasPrefix(content, "d") {
			r.Errorf("%s removes or changes %s", what, name)
		}
	}
}

// used runs what a package has brought: the programs, completions in new shells, manual pages.
func (r *root) used(zsh string) {
	r.Helper()
	if out := r.run("rolecall", "version"); !strings.HasPrefix(out, "rolecall v1.2.3\ncommit") ||
		!strings.Contains(out, "date     2026-11-29T10:00:00Z") {
		r.Errorf("version: %s", out)
	}
	if out := r.run("rolecall", "demo"); !strings.Contains(out, "That is all.") {
		r.Errorf("demo: %s", out)
	}
	if out := r.run("sh", "-c", "rolecall-process --profile nowhere 2>&1; echo $?"); !strings.HasSuffix(out, "\n6") {
		r.Errorf("rolecall-process does not find rolecall: %s", out)
	}
	const share = "/usr/share/"
	for command, want := range map[string]string{
		"bash -c '. " + share + "bash-completion/bash_completion; _comp_load rolecall; complete -p rolecall'": "-F _rolecall",

		"zsh -fc 'fpath+=(" + zsh + "); autoload compinit; compinit -D; echo $_comps[rolecall]'": "_rolecall",

		`fish -c 'complete -C "rolecall whoa"'`:                    "whoami\t",
		"MANPAGER=cat man rolecall":                                "rolecall",
		"MANPAGER=cat man rolecall-process":                        "rolecall-process",
		"man -w 1 rolecall":                                        share + "man/man1/rolecall.1.gz",
		"find " + share + " -name THIRD_PARTY.txt":                 "/rolecall/THIRD_PARTY.txt",
		"ls " + share + "man/man1/rolecall-gone.1.gz 2>&1 || true": "No such file", // of the version before
	} {
		if out := r.run("sh", "-c", command); !strings.Contains(out, want) {
			r.Errorf("%s: %s", command, out)
		}
	}
}

// A manager is how packages of a format get into a root, and out of it.
type manager struct {
	format          string
	install, remove func(r *root, path string)
	zsh             string
}

func managers() []manager {
	inside := func(args ...string) func(*root, string) {
		return func(r *root, path string) {
			must(r.T, "cp", path, filepath.Join(r.dir, "packages"))
			r.run(append(slices.Clone(args), "/packages/"+filepath.Base(path))...)
		}
	}
	outside := func(args ...string) func(*root, string) {
		return func(r *root, path string) {
			all := slices.Clone(args)
			for i := range all {
				all[i] = strings.NewReplacer("ROOT", r.dir, "PATH", path).Replace(all[i])
			}
			must(r.T, all[0], all[1:]...)
		}
	}
	pacman := []string{
		"pacman", "--root", "ROOT", "--dbpath", "ROOT/var/lib/pacman", "--cachedir", "ROOT/var/cache",
		"--config", "/dev/null",
		"--logfile", "ROOT/var/log/pacman.log", "--hookdir", "ROOT/packages", "--noconfirm",
	}
	return []manager{
		{
			"deb", inside("dpkg", "-i"),
			func(r *root, _ string) { r.run("dpkg", "-V", "rolecall"); r.run("dpkg", "-P", "rolecall") },
			"/usr/share/zsh/vendor-completions",
		},
		{
			"rpm", outside("rpm", "--root", "ROOT", "--dbpath", "/var/lib/rpm", "-U", "--nodeps", "PATH"),
			func(r *root, _ string) {
				outside("rpm", "--root", "ROOT", "--dbpath", "/var/lib/rpm", "-V", "--nodeps", "rolecall")(r, "")
				outside("rpm", "--root", "ROOT", "--dbpath", "/var/lib/rpm", "-e", "rolecall")(r, "")
			},
			"/usr/share/zsh/site-functions",
		},
		{
			"archlinux", outside(append(slices.Clone(pacman), "-U", "PATH")...),
			outside(append(slices.Clone(pacman), "-R", "rolecall")...),
			"/usr/share/zsh/site-functions",
		},
	}
}

// Each package is installed, upgraded, used and removed in a root. What people have written stays, all of ours goes.
func TestPackages(t *testing.T) {
	release := built(t)
	t.Chdir(here)
	checkSums(t, release)
	path := func(format string) string {
		return filepath.Join(release, "rolecall_1.2.3_linux_amd64"+formats[format])
	}
	t.Run("linters", func(t *testing.T) { checkWithLinters(t, path("deb"), path("rpm")) })
	t.Run("bill of materials", func(t *testing.T) { checkBills(t, release) })
	t.Run("formula", func(t *testing.T) { checkFormula(t, release) })
	t.Run("PKGBUILD", func(t *testing.T) { checkPKGBUILD(t, release) })
	old := smallPackages(t, "v1.2.2")
	for _, m := range managers() {
		t.Run(m.format, func(t *testing.T) {
			r := aRoot(t)
			for _, folder := range []string{ // which are there on every system of that kind
				"var/lib/pacman", "var/cache", "usr/share/licenses", "usr/share/man/man1", "usr/share/man/man5",
			} {
				if err := os.MkdirAll(filepath.Join(r.dir, folder), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			own := []string{"home/anna/.aws/config", "home/anna/.config/rolecall/config.toml", "etc/rolecall/config.toml"}
			for _, name := range own {
				r.write(name, "# mine\n")
			}
			r.write("usr/share/zsh/site-functions/_other", "")
			before := r.files()
			m.install(r, old(m.format))
			if out := r.run("rolecall"); out != "rolecall v1.2.2" {
				t.Errorf("the old one: %s", out)
			}
			m.install(r, path(m.format))
			r.used(m.zsh)
			m.remove(r, path(m.format))
			r.same(m.format, before)
			for _, name := range own {
				if data, err := os.ReadFile(filepath.Join(r.dir, name)); err != nil || string(data) != "# mine\n" {
					t.Errorf("%s: %q, %v", name, data, err)
				}
			}
		})
	}
	t.Run("apk", func(t *testing.T) { checkAPK(aRoot(t), path("apk")) })
	t.Run("tar.gz", func(t *testing.T) { checkArchive(aRoot(t), archived(release)) })
	t.Run("Dockerfile", func(t *testing.T) { checkImage(t, release) })
}
