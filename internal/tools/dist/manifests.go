package main

import (
	"archive/tar"
	"bytes"
	"embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed manifests
var manifestTemplates embed.FS

// A manifest is a file that a package manager reads.
type manifest struct {
	template, path string
	needs          []string // systems whose archives it names: without any of them there is no such manifest
}

const wingetFolder = "winget/manifests/r/Rolecall/Rolecall/"

func (r *release) manifests() []manifest {
	windows, linux := []string{"windows"}, []string{"linux"}
	winget := wingetFolder + r.version + "/Rolecall.Rolecall"
	return []manifest{
		{"formula.rb", "homebrew/rolecall.rb", []string{"darwin", "linux"}},
		{"scoop.json", "scoop/rolecall.json", windows},
		{"winget.yaml", winget + ".yaml", windows},
		{"winget.installer.yaml", winget + ".installer.yaml", windows},
		{"winget.locale.yaml", winget + ".locale.en-US.yaml", windows},
		{"PKGBUILD", "aur/PKGBUILD", linux},
		{"SRCINFO", "aur/.SRCINFO", linux},
		{"Dockerfile", "docker/Dockerfile", linux},
	}
}

// writeManifests writes each into the release's folder, with its archives' sums.
func (r *release) writeManifests(sums map[string]string) error {
	files, err := r.fill(sums)
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(r.out, "manifests", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
		if strings.HasPrefix(name, "docker/") {
			if err := r.imageRoot(filepath.Dir(path)); err != nil {
				return err
			}
		}
	}
	return nil
}

// An archive is one of a release, as manifests name it.
type archive struct{ Name, Folder, URL, Sum string }

// fill fills the templates in. The systems are those that there are sums for.
func (r *release) fill(sums map[string]string) (map[string][]byte, error) {
	archives := map[string]map[string]archive{}
	for _, s := range r.systems {
		folder := r.name(s)
		name := folder + ".tar.gz"
		if s.os == "windows" {
			name = folder + ".zip"
		}
		if sums[name] == "" {
			return nil, fmt.Errorf("no sum of %s", name)
		}
		if archives[s.os] == nil {
			archives[s.os] = map[string]archive{}
		}
		archives[s.os][s.arch] = archive{name, folder, r.url + "/releases/download/" + r.tag + "/" + name, sums[name]}
	}
	data := map[string]any{
		"Version": r.version, "Tag": r.tag, "URL": r.url, "About": about, "Maintainer": r.maintainer,
		"Pacman": r.numbers() + r.pre, "LinuxArchs": slices.Sorted(maps.Keys(archives["linux"])),
		"Day": r.at.Format(time.DateOnly), "Mac": archives["darwin"], "Linux": archives["linux"],
		"Windows": archives["windows"],
	}
	t := template.New("").Delims("[[", "]]").Funcs(template.FuncMap{"upper": strings.ToUpper, "machine": machine})
	if _, err := t.ParseFS(manifestTemplates, "manifests/*"); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, m := range r.manifests() {
		if !slices.ContainsFunc(m.needs, func(system string) bool { return archives[system] != nil }) {
			continue
		}
		var text bytes.Buffer
		if err := t.ExecuteTemplate(&text, m.template, data); err != nil {
			return nil, err
		}
		files[m.path] = text.Bytes()
	}
	return files, nil
}

// machine is an architecture as uname -m and pacman have it.
func machine(arch string) string {
	if arch == "amd64" {
		return "x86_64"
	}
	return "aarch64"
}

// imageRoot writes what a container needs beside the programs: a user, that user's home, and a folder for temporary
// files that everybody may write to. COPY cannot make the latter two.
func (r *release) imageRoot(folder string) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	passwd := "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
	for _, h := range []tar.Header{
		{Name: "etc/", Mode: 0o755},
		{Name: "etc/passwd", Mode: 0o644, Size: int64(len(passwd))},
		{Name: "home/", Mode: 0o755},
		{Name: "home/nonroot/", Mode: 0o700, Uid: 65532, Gid: 65532},
		{Name: "tmp/", Mode: 0o1777},
	} {
		h.ModTime, h.Format, h.Typeflag = r.at, tar.FormatUSTAR, tar.TypeDir
		if h.Size > 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(passwd)); err != nil {
				return err
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "root.tar"), b.Bytes(), 0o644)
}
