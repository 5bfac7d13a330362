package main

import (
	"bytes"
	_ "embed" // the templates
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// formats are nfpm's names of the kinds of package, and how their files end.
var formats = map[string]string{"deb": ".deb", "rpm": ".rpm", "apk": ".apk", "archlinux": ".pkg.tar.zst"}

//go:embed manifests/nfpm.yaml
var nfpmTemplate string

// A place is where a file goes in a package.
type place struct {
	path string // the file's place on a system
	kind string // nfpm's type
	file entry
}

// layout says where each file of an archive goes in a package of a format.
func (r *release) layout(format string, files []entry) ([]place, error) {
	var places []place
	licences := "/usr/share/licenses/rolecall/"
	if format == "deb" {
		licences = "/usr/share/doc/rolecall/"
		places = append(places,
			place{licences + "copyright", "", entry{"copyright", 0o644, r.copyright()}},
			place{"/usr/share/lintian/overrides/rolecall", "", entry{"overrides", 0o644, []byte(overrides)}})
	}
	if format == "rpm" { // it removes no folder that it does not own
		places = append(places, place{path: licences, kind: "dir", file: entry{mode: 0o755}})
	}
	site := map[string]string{"deb": "vendor-completions"}[format]
	if site == "" {
		site = "site-functions"
	}
	for _, f := range files {
		p := place{file: f}
		switch base := path.Base(f.name); {
		case f.mode&0o111 != 0:
			p.path = "/usr/bin/" + base
		case strings.HasPrefix(f.name, "man/"):
			packed, err := gzipped(f.data)
			if err != nil {
				return nil, err
			}
			p.path, p.file.data = "/usr/share/"+f.name+".gz", packed
			if format == "rpm" {
				p.kind = "doc"
			}
		case base == "rolecall.bash":
			p.path = "/usr/share/bash-completion/completions/rolecall"
		case base == "rolecall.fish":
			p.path = "/usr/share/fish/vendor_completions.d/" + base
		case base == "_rolecall":
			p.path = "/usr/share/zsh/" + site + "/" + base
		case base == "LICENSE" && format != "deb", base == "THIRD_PARTY.txt": // Debian has Apache's text of its own
			p.path = licences + base
			if format == "rpm" {
				p.kind = "license"
			}
		default: // for people who unpack archives
			continue
		}
		places = append(places, p)
	}
	return places, nil
}

// overrides tell lintian what is meant to be as it is: Go's programs need no library.
const overrides = "rolecall: statically-linked-binary\n"

func (r *release) copyright() []byte {
	return lines(
		"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
		"Upstream-Name: rolecall",
		"Comment: The licences of all software that is linked into the programs are in THIRD_PARTY.txt beside this file.",
		"",
		"Files: *",
		fmt.Sprintf("Copyright: %d The rolecall authors", r.at.Year()),
		"License: Apache-2.0",
		" On Debian systems, the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.")
}

// packages writes a package of each format.
func (r *release) packages(s system, name string, files []entry) error {
	for format, end := range formats {
		places, err := r.layout(format, files)
		if err != nil {
			return err
		}
		folder := filepath.Join(r.work, s.name()+"_"+format)
		if err := r.stage(s, format, folder, places); err != nil {
			return err
		}
		cmd := goFor(host, "tool", "-modfile=tools/release.mod", "nfpm", "package",
			"--config", filepath.Join(folder, "nfpm.yaml"),
			"--packager", format, "--target", filepath.Join(r.out, name+end))
		cmd.Env = append(cmd.Env, fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.at.Unix()))
		if _, err := output(cmd); err != nil {
			return err
		}
	}
	return nil
}

// stage writes the files of a package, and what nfpm has to know of them.
func (r *release) stage(s system, format, folder string, places []place) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	type content struct{ From, To, Kind, Mode string }
	var contents []content
	for i, p := range places {
		from := filepath.Join(folder, fmt.Sprint(i))
		if err := os.WriteFile(from, p.file.data, 0o644); err != nil {
			return err
		}
		contents = append(contents, content{from, p.path, p.kind, fmt.Sprintf("0%o", p.file.mode.Perm())})
	}
	page := r.url
	if page == noURL {
		page = ""
	}
	version, pre := r.numbers(), r.pre
	if format == "archlinux" { // there nfpm drops what makes it a preview
		version, pre = version+pre, ""
	}
	var config bytes.Buffer
	err := template.Must(template.New("").Parse(nfpmTemplate)).Execute(&config, map[string]any{
		"Arch": s.arch, "Version": version, "Pre": pre, "Time": r.at.Format(time.RFC3339), "About": about,
		"Maintainer": r.maintainer, "URL": page, "Contents": contents, "Changes": filepath.Join(folder, "changes.yaml"),
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "changes.yaml"), r.changes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "nfpm.yaml"), config.Bytes(), 0o644)
}

// numbers is the version without what makes it a preview.
func (r *release) numbers() string {
	numbers, _, _ := strings.Cut(r.version, "-")
	return numbers
}

// changes is the packages' changelog. What is new is in CHANGELOG.md, which is for people and not for one package.
func (r *release) changes() []byte {
	return lines(
		"- semver: "+r.version,
		"  date: "+r.at.Format(time.RFC3339),
		fmt.Sprintf("  packager: %q", r.maintainer),
		"  deb: {urgency: medium, distributions: [stable]}",
		"  changes:",
		fmt.Sprintf("    - {commit: %s, note: %q}", r.commit, "Release "+r.version))
}
