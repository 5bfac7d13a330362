package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// madeUp are sums of archives that nobody has built.
func madeUp(r *release) map[string]string {
	sums := map[string]string{}
	for i, s := range r.systems {
		end := ".tar.gz"
		if s.os == "windows" {
			end = ".zip"
		}
		sums["rolecall_"+r.version+"_"+s.name()+end] = strings.Repeat(fmt.Sprintf("%x", 10+i), 64)
	}
	return sums
}

func filled(t *testing.T, r *release) map[string][]byte {
	t.Helper()
	files, err := r.fill(madeUp(r))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// named checks that a manifest leads to an archive, and has its sum.
func (r *release) named(t *testing.T, manifest, url, sum string) {
	t.Helper()
	name, ours := strings.CutPrefix(url, "https://git.example/owner/rolecall/releases/download/"+r.tag+"/")
	if want := madeUp(r)[name]; !ours || want == "" || strings.ToLower(sum) != want {
		t.Errorf("%s: %s has the sum %q, want %q", manifest, url, sum, want)
	}
}

func TestScoop(t *testing.T) {
	r := aRelease(t, "v1.2.3")
	var m struct {
		Version, License string
		Architecture     map[string]struct {
			URL, Hash  string
			ExtractDir string `json:"extract_dir"`
		}
		Autoupdate struct {
			Architecture map[string]struct{ URL string }
		}
		Bin []string
	}
	if err := json.Unmarshal(filled(t, r)["scoop/rolecall.json"], &m); err != nil {
		t.Fatal(err)
	}
	if m.Version != "1.2.3" || m.License != "Apache-2.0" || len(m.Architecture) != 2 || len(m.Bin) != 2 {
		t.Errorf("%+v", m)
	}
	for arch, name := range map[string]string{"64bit": "amd64", "arm64": "arm64"} {
		a := m.Architecture[arch]
		r.named(t, arch, a.URL, a.Hash)
		if a.ExtractDir != "rolecall_1.2.3_windows_"+name || !strings.HasSuffix(a.URL, name+".zip") {
			t.Errorf("%s: %+v", arch, a)
		}
		if next := strings.ReplaceAll(m.Autoupdate.Architecture[arch].URL, "$version", "1.2.3"); next != a.URL {
			t.Errorf("%s: the next one is sought at %s", arch, next)
		}
	}
}

func TestWinget(t *testing.T) {
	r := aRelease(t, "v1.2.3-rc.1")
	kinds := map[string]string{"": "version", ".installer": "installer", ".locale.en-US": "defaultLocale"}
	for end, kind := range kinds {
		var m struct {
			PackageIdentifier, PackageVersion, ManifestType, ManifestVersion string
			InstallerType, NestedInstallerType                               string

			Installers []struct {
				Architecture, InstallerUrl, InstallerSha256 string //nolint:revive // winget's own names
				NestedInstallerFiles                        []struct{ RelativeFilePath, PortableCommandAlias string }
			}
		}
		path := wingetFolder + "1.2.3-rc.1/Rolecall.Rolecall" + end + ".yaml"
		plain := map[string]any{}
		if err := yaml.Unmarshal(filled(t, r)[path], &plain); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(plain)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &m); err != nil {
			t.Fatal(err)
		}
		if m.PackageIdentifier != "Rolecall.Rolecall" || m.PackageVersion != "1.2.3-rc.1" || m.ManifestType != kind ||
			m.ManifestVersion != "1.10.0" {
			t.Errorf("%s: %+v", path, m)
		}
		if kind != "installer" {
			continue
		}
		if m.InstallerType != "zip" || m.NestedInstallerType != "portable" || len(m.Installers) != 2 {
			t.Errorf("%+v", m)
		}
		for _, i := range m.Installers {
			r.named(t, i.Architecture, i.InstallerUrl, i.InstallerSha256)
			arch := map[string]string{"x64": "amd64", "arm64": "arm64"}[i.Architecture]
			for n, program := range programs {
				f := i.NestedInstallerFiles[n]
				path := `rolecall_1.2.3-rc.1_windows_` + arch + `\` + program + ".exe"
				if f.RelativeFilePath != path || f.PortableCommandAlias != program {
					t.Errorf("%s: %+v", i.Architecture, f)
				}
			}
		}
	}
}

// brew plays as much of Homebrew as the formula uses, on one kind of machine: it prints what it would load, and, in an
// unpacked archive, what it would install.
const brew = `
class Folder
  def initialize(name) = @name = name
  def install(*files)
    files.flatten.each do |file|
      from, to = *(file.is_a?(Hash) ? file.first : [file, File.basename(file)])
      raise "there is no #{from}" unless File.file?(from)
      puts "#{@name}/#{to}"
    end
  end
end
class Formula
  %i[bin man1 man5 bash_completion zsh_completion fish_completion doc].each do |name|
    define_method(name) { Folder.new(name) }
  end
  class << self
    attr_reader :values
    %i[desc homepage version license url sha256].each do |name|
      define_method(name) { |text| (@values ||= {})[name] = text }
    end
    %w[macos linux].each { |name| define_method("on_#{name}") { |&block| block.call if ENV["ON"] == name } }
    %w[arm intel].each { |name| define_method("on_#{name}") { |&block| block.call if ENV["CPU"] == name } }
    def test; end
  end
end
load ENV["FORMULA"]
ENV["INSTALL"] ? Rolecall.new.install : puts(Rolecall.values.values_at(:version, :url, :sha256))
`

func TestFormula(t *testing.T) {
	r := aRelease(t, "v1.2.3")
	path := filepath.Join(t.TempDir(), "rolecall.rb")
	if err := os.WriteFile(path, filled(t, r)["homebrew/rolecall.rb"], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, machine := range []string{
		"macos arm darwin_arm64", "macos intel darwin_amd64", "linux arm linux_arm64", "linux intel linux_amd64",
	} {
		words := strings.Fields(machine)
		cmd := exec.Command("ruby", "-w", "-e", brew)
		cmd.Env = append(os.Environ(), "ON="+words[0], "CPU="+words[1], "FORMULA="+path)
		out, err := cmd.CombinedOutput()
		answer := strings.Fields(string(out))
		if err != nil || len(answer) != 3 || answer[0] != "1.2.3" || !strings.HasSuffix(answer[1], words[2]+".tar.gz") {
			t.Fatalf("%s: %v\n%s", machine, err, out)
		}
		r.named(t, machine, answer[1], answer[2])
	}
}

// checkFormula installs from the archive.
func checkFormula(t *testing.T, release string) {
	dir := t.TempDir()
	must(t, "tar", "-xf", archived(release), "-C", dir, "--strip-components=1")
	cmd := exec.Command("ruby", "-w", "-e", brew)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "INSTALL=1", "FORMULA="+filepath.Join(release, "manifests/homebrew/rolecall.rb"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"bin/rolecall", "bin/rolecall-process", "man1/rolecall.1", "man1/rolecall-process.1", "bash_completion/rolecall",
		"zsh_completion/_rolecall", "fish_completion/rolecall.fish", "doc/THIRD_PARTY.txt",
	} {
		if !slices.Contains(strings.Fields(string(out)), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

// Each kind of machine of a release that is not for all systems still has what it needs.
func TestManifestsOfFewSystems(t *testing.T) {
	for _, systems := range [][]system{{{"linux", "amd64"}}, {{"darwin", "arm64"}}, {{"windows", "arm64"}}} {
		r := aRelease(t, "v1.2.3")
		r.systems = systems
		files := filled(t, r)
		for path, text := range files {
			if strings.Contains(string(text), "<no value>") || strings.Contains(string(text), "[[") ||
				strings.Contains(string(text), `""`) {
				t.Errorf("%v: %s:\n%s", systems, path, text)
			}
		}
		if _, there := files["scoop/rolecall.json"]; there != (systems[0].os == "windows") {
			t.Errorf("%v: Scoop: %v", systems, there)
		}
		if _, there := files["homebrew/rolecall.rb"]; there != (systems[0].os != "windows") {
			t.Errorf("%v: Homebrew: %v", systems, there)
		}
		if there := json.Valid(files["scoop/rolecall.json"]); there != (systems[0].os == "windows") {
			t.Errorf("%v: Scoop's is no JSON:\n%s", systems, files["scoop/rolecall.json"])
		}
	}
}

// makepkg reads the PKGBUILD as the .SRCINFO says it.
func TestPKGBUILD(t *testing.T) {
	for _, tag := range []string{"v1.2.3", "v1.2.3-rc.1"} {
		r := aRelease(t, tag)
		files := filled(t, r)
		folder := asNobody(t)
		if err := os.WriteFile(filepath.Join(folder, "PKGBUILD"), files["aur/PKGBUILD"], 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := makepkg(folder, "--printsrcinfo").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != strings.TrimSpace(string(files["aur/.SRCINFO"])) {
			t.Errorf("%s: %v\nmakepkg:\n%s\n.SRCINFO:\n%s", tag, err, out, files["aur/.SRCINFO"])
		}
		for _, arch := range []string{"x86_64", "aarch64"} {
			value := func(key string) string {
				_, rest, _ := strings.Cut(string(out), "\t"+key+"_"+arch+" = ")
				line, _, _ := strings.Cut(rest, "\n")
				return line
			}
			r.named(t, arch, value("source"), value("sha256sums"))
		}
	}
}
