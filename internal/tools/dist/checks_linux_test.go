package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// archived is the path of the archive.
func archived(release string) string {
	return filepath.Join(release, "rolecall_1.2.3_linux_amd64.tar.gz")
}

// checkAPK looks at the package as apk does, which is not to be had here: three archives in a row, the second of which
// has the hash of the third. Its files are unpacked and used.
func checkAPK(r *root, path string) {
	r.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		r.Fatal(err)
	}
	magic := []byte{0x1f, 0x8b, 8}
	info := must(r.T, "tar", "-xOf", path, ".PKGINFO")
	_, want, _ := strings.Cut(info, "datahash = ")
	want, _, _ = strings.Cut(want, "\n")
	found := false
	for at := bytes.Index(data, magic); at >= 0 && !found; {
		sum := sha256.Sum256(data[at:])
		found = hex.EncodeToString(sum[:]) == want
		next := bytes.Index(data[at+1:], magic)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	if want == "" || !found {
		r.Errorf("no part of the package has the hash %q", want)
	}
	for _, line := range []string{"pkgname = rolecall", "arch = x86_64", "license = Apache-2.0"} {
		if !strings.Contains(info+"\n", line+"\n") {
			r.Errorf("no %q in\n%s", line, info)
		}
	}
	must(r.T, "tar", "-xf", path, "-C", r.dir, "--exclude=.PKGINFO", "--exclude=.SIGN*")
	r.used("/usr/share/zsh/site-functions")
}

// checkArchive unpacks the archive and uses it from there, as somebody does who may not install anything.
func checkArchive(r *root, path string) {
	r.Helper()
	r.write("home/anna/.profile", "")
	must(r.T, "tar", "-xf", path, "-C", filepath.Join(r.dir, "home/anna"))
	const folder = "/home/anna/rolecall_1.2.3_linux_amd64"
	for command, want := range map[string]string{
		"rolecall version": "rolecall v1.2.3\n",
		"rolecall demo":    "That is all.",
		"MANPAGER=cat man -M " + folder + "/man rolecall":                                        "rolecall",
		"bash -c 'source " + folder + "/completions/rolecall.bash; complete -p rolecall'":        "-F _rolecall",
		"fish -c 'source " + folder + `/completions/rolecall.fish; complete -C "rolecall whoa"'`: "whoami\t",
		"zsh -fc 'autoload -Uz compinit; compinit -D; source " + folder +
			"/completions/_rolecall; echo $_comps[rolecall]'": "_rolecall",
		"head -1 " + folder + "/THIRD_PARTY.txt":   "Apache License 2.0",
		"stat -c %a:%u:%Y " + folder + "/rolecall": "755:0:1795946400",
		"stat -c %a:%u:%Y " + folder + "/LICENSE":  "644:0:1795946400",
	} {
		if out := r.run("sh", "-c", "PATH="+folder+":$PATH; "+command); !strings.Contains(out, want) {
			r.Errorf("%s: %s", command, out)
		}
	}
}

// checkImage makes the image with the command that the Dockerfile names, and runs it.
func checkImage(t *testing.T, release string) {
	requireRoot(t)
	scripts, err := filepath.Abs("scripts")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", scripts+":"+os.Getenv("PATH"))
	t.Setenv("CONTAINERS", t.TempDir())
	text, err := os.ReadFile(filepath.Join(release, "manifests/docker/Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	build := regexp.MustCompile(`docker build .*`).FindString(string(text))
	must(t, "sh", "-c", `cd "$1" && `+build, "sh", release)
	for command, want := range map[string]string{"version": "rolecall v1.2.3\n", "demo": "That is all."} {
		if out := must(t, "docker", "run", "--rm", "rolecall", command); !strings.Contains(out, want) {
			t.Errorf("%s: %s", command, out)
		}
	}
	const format = "{{.Config.User}} {{.Config.WorkingDir}} {{.Config.Env}}"
	config := must(t, "docker", "inspect", "--format", format, "rolecall")
	const home = "/home/nonroot"
	if !strings.HasPrefix(config, "65532:65532 "+home+" [") || !strings.Contains(config, "HOME="+home) {
		t.Error(config)
	}
	dir := must(t, "docker", "image", "mount", "rolecall")
	defer must(t, "docker", "image", "unmount", "rolecall")
	if modes := must(t, "stat", "-c", "%a %u", dir+"/tmp", dir+home); modes != "1777 0\n700 65532" {
		t.Error(modes)
	}
	if _, err := os.Stat(dir + "/etc/ssl/certs/ca-certificates.crt"); err != nil {
		t.Error(err)
	}
}

// checkPKGBUILD builds the package, from the archive that has just been made.
func checkPKGBUILD(t *testing.T, release string) {
	folder := asNobody(t)
	for _, path := range []string{filepath.Join(release, "manifests/aur/PKGBUILD"), archived(release)} {
		must(t, "install", "-m", "0644", path, folder)
	}
	if out, err := makepkg(folder, "--nodeps", "--force").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list := must(t, "tar", "-tf", filepath.Join(folder, "rolecall-bin-1.2.3-1-x86_64.pkg.tar"))
	for _, want := range []string{
		"usr/bin/rolecall", "usr/bin/rolecall-process", "usr/share/man/man1/rolecall.1.gz",
		"usr/share/bash-completion/completions/rolecall", "usr/share/zsh/site-functions/_rolecall",
		"usr/share/fish/vendor_completions.d/rolecall.fish", "usr/share/licenses/rolecall-bin/THIRD_PARTY.txt",
	} {
		if !slices.Contains(strings.Split(list, "\n"), want) {
			t.Errorf("no %s in\n%s", want, list)
		}
	}
}

// checkBills compares the bills with what the programs say that they consist of.
func checkBills(t *testing.T, release string) {
	dir := t.TempDir()
	must(t, "tar", "-xf", archived(release), "-C", dir, "--strip-components=1")
	for _, program := range programs {
		info, err := buildinfo.ReadFile(filepath.Join(dir, program))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")}
		for _, m := range info.Deps {
			want = append(want, "pkg:golang/"+m.Path+"@"+m.Version)
		}
		data, err := os.ReadFile(filepath.Join(release, program+"_1.2.3.cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var c cyclone
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		var got []string
		refs := []string{c.Metadata.Component.Ref}
		for _, one := range c.Components {
			got, refs = append(got, one.Package), append(refs, one.Ref)
			if len(one.Licences) != 1 || one.Name != "std" && len(one.Hashes) != 1 {
				t.Errorf("%s: %+v", program, one)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s links\n%v\nthe bill has\n%v", program, want, got)
		}
		for _, d := range c.Dependencies {
			for _, ref := range append(d.On, d.Ref) {
				if !slices.Contains(refs, ref) {
					t.Errorf("%s: %s is no component", program, ref)
				}
			}
		}
	}
}
