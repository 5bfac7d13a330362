//go:build linux

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Programs in containers get keys by the lines that serve prints, which docs/containers.md shows.
func TestDocker(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	w := servedWorld(t, "")
	docker := dockerOf(t, w)
	shown := dockerLines(t)
	for i, flags := range [][]string{nil, {"--socket", filepath.Join(w.home, ".rolecall", "serve.sock")}} {
		server, target := w.serving(t, flags...)
		var lines []string
		for line := range strings.Lines(w.must(t, "rolecall", "serve", "--print", "docker")) {
			if !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		script := strings.Join(lines, "")
		_, port, _ := strings.Cut(strings.Split(target.URI, "/")[2], ":")
		asShown := strings.NewReplacer("'", "", filepath.Join(bin, "rolecall"), "/usr/local/bin/rolecall",
			target.EnvFile, "FILE", w.home, "$HOME", "127.0.0.1:"+port, "127.0.0.1:PORT").Replace(script)
		if asShown != shown[i] {
			t.Errorf("serve prints\n%sdocs/containers.md has\n%s", asShown, shown[i])
		}
		// The forwarder may need a moment, as the SDKs know.
		const ask = `busybox sh -c 'until busybox wget -q -O - "$AWS_CONTAINER_CREDENTIALS_FULL_URI" ` +
			`--header "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN"; do busybox sleep 0.1; done'`
		keys := docker(strings.ReplaceAll(script, "IMAGE COMMAND", ask))
		if !regexp.MustCompile(`"AccessKeyId": ?"ASIA`).MatchString(keys) {
			t.Errorf("%s\n%s", script, keys)
		}
		docker("docker rm --force --all")
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	}
}

// dockerOf returns what runs a script in which docker is at hand, with one image: this machine's busybox.
func dockerOf(t *testing.T, w *world) (run func(script string) string) {
	t.Helper()
	scripts, err := filepath.Abs("../../scripts")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	environ := []string{"env", "PATH=" + scripts + ":" + os.Getenv("PATH"), "CONTAINERS=" + folder}
	run = func(script string) string {
		t.Helper()
		return w.must(t, append(environ, "sh", "-ec", script)...)
	}
	root := t.TempDir()
	needed, err := exec.Command("ldd", "/usr/bin/busybox").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := append(regexp.MustCompile(`/\S+`).FindAllString(string(needed), -1), "/usr/bin/busybox")
	for _, path := range files {
		if out, err := exec.Command("install", "-D", path, root+path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if err := errors.Join(
		os.MkdirAll(filepath.Join(root, "bin"), 0o755), os.Symlink("/usr/bin/busybox", filepath.Join(root, "bin", "sh")),
	); err != nil {
		t.Fatal(err)
	}
	run("tar -C '" + root + "' -c . | docker import - busybox")
	t.Cleanup(func() {
		_ = exec.Command(environ[0], append(environ[1:], "docker", "rm", "--force", "--all")...).Run()
		for deadline := time.Now().Add(storyTimeout); usedBy(folder) && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond) // each container has a process that tidies up after it
		}
	})
	return run
}

// usedBy reports whether a command line has the path.
func usedBy(path string) bool {
	running, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	return slices.ContainsFunc(running, func(file string) bool {
		line, _ := os.ReadFile(file) // it may have ended
		return strings.Contains(string(line), path)
	})
}

// dockerLines returns the lines of docker in docs/containers.md, a block each.
func dockerLines(t *testing.T) (blocks []string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/containers.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range shellBlock.FindAllStringSubmatch(string(page), -1) {
		if block[2] == "docker" {
			whole := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(block[3], "")
			blocks = append(blocks, regexp.MustCompile(`(?m)^rolecall .*\n`).ReplaceAllString(whole, ""))
		}
	}
	if len(blocks) != 2 {
		t.Fatalf("%d blocks", len(blocks))
	}
	return blocks
}
