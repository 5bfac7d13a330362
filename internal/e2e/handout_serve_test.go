//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// A served target, as serve --status --json says.
type handedTarget struct{ Target, URI, TokenFile, EnvFile string }

// serving starts serve of dev with more flags, and returns the process and what it hands out.
func (w *world) serving(t *testing.T, flags ...string) (*running, handedTarget) {
	t.Helper()
	r := w.start(t, "for programs in another terminal", append([]string{"rolecall", "serve", "dev"}, flags...)...)
	var status struct{ Targets []handedTarget }
	text := w.must(t, "rolecall", "serve", "--status", "--json")
	if err := json.Unmarshal([]byte(text), &status); err != nil || len(status.Targets) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	return r, status.Targets[0]
}

// variables returns the lines of an env file, without its comment.
func (h handedTarget) variables(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(h.EnvFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// A network namespace plays the container: it has its own loopback, and a socket is the only way out.
type container struct{ name string }

func aContainer(t *testing.T) container {
	t.Helper()
	requireRoot(t)
	c := container{fmt.Sprintf("rolecall-%d-%d", os.Getpid(), time.Now().UnixNano()%1e6)}
	if out, err := exec.Command("ip", "netns", "add", c.name).CombinedOutput(); err != nil {
		tell("lane network namespaces: not run, since they cannot be made here")
		t.Skipf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", c.name).Run() })
	for _, command := range [][]string{
		{"ip", "link", "set", "lo", "up"}, {"ip", "address", "add", "169.254.170.2/32", "dev", "lo"},
	} {
		if out, err := exec.Command("ip", c.inside(command...)[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", command, err, out)
		}
	}
	return c
}

// inside returns the command line that runs argv in the container.
func (c container) inside(argv ...string) []string {
	return append([]string{"ip", "netns", "exec", c.name}, argv...)
}

// forwards has a forwarder listen inside.
func (c container) forwards(t *testing.T, w *world, to string, listen ...string) {
	t.Helper()
	argv := []string{"rolecall", "serve", "--forward", "--to", to}
	for _, l := range listen {
		argv = append(argv, "--listen", l)
	}
	w.start(t, "ready: "+listen[len(listen)-1], c.inside(argv...)...)
}

// reachesCenter forwards the world's Identity Center to its own address inside, instead of a network.
func (c container) reachesCenter(t *testing.T, w *world) {
	t.Helper()
	center := filepath.Join(t.TempDir(), "center.sock")
	listener, err := net.Listen("unix", center)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = w.http.Serve(listener) }()
	c.forwards(t, w, "unix:"+center, strings.TrimPrefix(w.url, "http://"))
}

// The container's programs get keys at its own loopback, and at ECS's address, through a forwarder that reaches serve
// by a mounted socket. There is no network in it, so STS is forwarded, too.
func TestKeysInAContainer(t *testing.T) {
	t.Parallel()
	w := servedWorld(t, "")
	w.shortKeys(t, 24*time.Second)
	c := aContainer(t)
	socket := filepath.Join(w.home, "run", "rolecall.sock")
	if err := os.Mkdir(filepath.Dir(socket), 0o700); err != nil {
		t.Fatal(err)
	}
	_, target := w.serving(t, "--socket", socket)
	host := strings.Split(target.URI, "/")[2]
	c.forwards(t, w, "unix:"+socket, host, "169.254.170.2:80")
	c.reachesCenter(t, w)

	path := "/" + strings.Split(target.URI, "/")[3]
	var all sync.WaitGroup
	for name, uri := range map[string]string{
		"its loopback": "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + target.URI,
		"ECS":          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=" + path,
		"ECS, whole":   "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.2" + path,
	} {
		rounds := 1
		if name == "its loopback" { // longer than the keys live
			rounds = 5
		}
		environ := w.inContainer(target.variables(t), uri)
		for client, command := range chainClients(t) {
			all.Go(func() {
				r := w.run(t, c.inside(slices.Concat(environ, command.command(rounds, 7))...)...)
				if r.code != 0 || len(isAdmin.FindAllString(r.stdout, -1)) != rounds {
					t.Errorf("%s, %s: exit code %d\n%s%s", name, client, r.code, r.stdout, r.stderr)
				}
			})
		}
	}
	all.Wait()
}

// inContainer returns the beginning of a command line with a container's variables: those of an env file, with another
// address, and what leads to the Identity Center's STS.
func (w *world) inContainer(variables []string, uri string) []string {
	environ := []string{
		"env", "-i", "PATH=" + os.Getenv("PATH"), "HOME=/nowhere", "AWS_EC2_METADATA_DISABLED=true", uri,
	}
	for _, variable := range w.environ() {
		if strings.HasPrefix(variable, "AWS_ENDPOINT_URL_STS=") || strings.HasPrefix(variable, "AWS_DATA_PATH=") {
			environ = append(environ, variable)
		}
	}
	for _, variable := range variables {
		if !strings.HasPrefix(variable, "AWS_CONTAINER_CREDENTIALS_FULL_URI") {
			environ = append(environ, variable)
		}
	}
	return environ
}

// The next command removes what a killed serve leaves: its files, its socket, and the file of --env-file. Another
// server's files, and files that somebody else has replaced, stay.
func TestAKilledServeLeavesNothing(t *testing.T) {
	w := servedWorld(t, "")
	socket, file := filepath.Join(w.home, "s.sock"), filepath.Join(w.home, "dev.env")
	r, target := w.serving(t, "--socket", socket, "--env-file", file)
	if target.EnvFile != file ||
		!strings.Contains(strings.Join(target.variables(t), " "), "AWS_CONTAINER_AUTHORIZATION_TOKEN=") {
		t.Errorf("%+v", target)
	}
	for _, path := range []string{socket, file, target.TokenFile} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	w.must(t, "rolecall", "status")
	if _, err := os.Stat(socket); err != nil {
		t.Error("a sweep took what is in use")
	}
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.Wait()
	w.must(t, "rolecall", "status")
	for _, path := range []string{socket, file, target.TokenFile} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	if left := handoutFiles(t, w); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	r, _ = w.serving(t, "--socket", socket, "--env-file", file)
	_ = r.Process.Kill()
	_ = r.Wait()
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(socket), os.WriteFile(socket, []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	w.must(t, "rolecall", "status")
	for _, path := range []string{socket, file} {
		if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
			t.Errorf("%s: %s, %v", path, text, err)
		}
	}
}

// Signals end serve as --stop does, and nothing is left; a hangup does so, too.
func TestSignalsEndServe(t *testing.T) {
	w := servedWorld(t, "")
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		r, target := w.serving(t)
		if err := r.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if err := r.Wait(); err != nil {
			t.Errorf("%v: %v\n%s", s, err, r.out.String())
		}
		if left := handoutFiles(t, w); len(left) > 0 {
			t.Errorf("%v: left behind: %v", s, left)
		}
		if got := fetchKeys(t, target.URI, "x"); got != 0 {
			t.Errorf("%v: still answers", s)
		}
	}
}

// The printed lines are what Compose, dev containers and Docker read.
func TestThePrintedLines(t *testing.T) {
	w := servedWorld(t, "")
	if r := w.run(t, "rolecall", "serve", "--print", "compose"); r.code != 1 {
		t.Errorf("without a server: %d", r.code)
	}
	first, _ := w.serving(t)
	if r := w.run(t, "rolecall", "serve", "--print", "compose"); r.code != 1 || !strings.Contains(r.stderr, "--socket") {
		t.Errorf("without a socket: %d %s", r.code, r.stderr)
	}
	_ = first.Process.Signal(syscall.SIGTERM)
	_ = first.Wait()
	folder := filepath.Join(w.home, "a $folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	_, target := w.serving(t, "--socket", filepath.Join(folder, "s.sock"))
	var compose struct {
		Services map[string]struct {
			Image, Network_mode string
			Command, Env_file   []string
			Volumes             []struct{ Type, Source, Target string }
		}
	}
	text := w.must(t, "rolecall", "serve", "--print", "compose")
	var plain any
	if err := errors.Join(yaml.Unmarshal([]byte(text), &plain), json.Unmarshal([]byte(text), &compose)); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	creds, app := compose.Services["rolecall"], compose.Services["app"]
	if app.Network_mode != "service:rolecall" || app.Env_file[0] != target.EnvFile ||
		creds.Volumes[1].Source != strings.ReplaceAll(folder, "$", "$$") {
		t.Error(text)
	}
	if info, err := os.Stat(creds.Volumes[0].Source); err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("the program: %v", err)
	}
	var dev struct {
		RunArgs, Mounts []string
		RemoteEnv       map[string]string
	}
	text = w.must(t, "rolecall", "serve", "--print", "devcontainer")
	if err := json.Unmarshal([]byte(text), &dev); err != nil || !strings.Contains(dev.Mounts[0], target.TokenFile) ||
		dev.RemoteEnv["AWS_CONTAINER_CREDENTIALS_FULL_URI"] != target.URI {
		t.Errorf("%v\n%s", err, text)
	}
	// The words of the lines for docker, as a shell reads them.
	var out bytes.Buffer
	docker := exec.Command("sh", "-c", `docker() { printf '[%s]' "$@"; echo; }; . /dev/stdin`)
	docker.Stdin, docker.Stdout = strings.NewReader(w.must(t, "rolecall", "serve", "--print", "docker")), &out
	if err := docker.Run(); err != nil ||
		!strings.Contains(out.String(), "[type=bind,source="+folder+",target=/run/rolecall]") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// Beyond loopback there is a warning about clear text; the token is still required.
func TestListenBeyondLoopback(t *testing.T) {
	w := servedWorld(t, "")
	port := freePort(t)
	r, target := w.serving(t, "--listen", "0.0.0.0:"+port)
	if !strings.Contains(r.out.String(), "rolecall: warning: 0.0.0.0:"+port+" is open to other machines, unencrypted") {
		t.Error(r.out.String())
	}
	token, err := os.ReadFile(target.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	uri := "http://127.0.0.1:" + port + "/" + strings.Split(target.URI, "/")[3]
	for given, want := range map[string]int{string(token): 200, "": 403, "guess": 403} {
		if got := fetchKeys(t, uri, given); got != want {
			t.Errorf("%q: %d", given, got)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// The SDKs' own clients of EC2's metadata service get keys there, and the Go SDK past their end, too. botocore and
// JavaScript's SDK use short-lived keys of that service for longer than they live.
func TestMetadataService(t *testing.T) {
	t.Parallel()
	w := servedWorld(t, "")
	port := freePort(t)
	ask := func(name string, client chainClient, rounds int) {
		r := w.run(t, append([]string{
			"env", "-u", "AWS_EC2_METADATA_DISABLED", "HOME=/nowhere", "AWS_REGION=us-east-1",
			"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:" + port + "/",
		}, client.command(rounds, 7)...)...)
		if r.code != 0 || len(isAdmin.FindAllString(r.stdout, -1)) != rounds {
			t.Errorf("%s: exit code %d\n%s%s", name, r.code, r.stdout, r.stderr)
		}
	}
	first, _ := w.serving(t, "--imds", "--imds-port", port)
	var all sync.WaitGroup
	for name, client := range chainClients(t) {
		all.Go(func() { ask(name, client, 1) })
	}
	all.Wait()
	_ = first.Process.Signal(syscall.SIGTERM)
	_ = first.Wait()
	w.shortKeys(t, 24*time.Second)
	w.serving(t, "--imds", "--imds-port", port)
	ask("Go", chainClients(t)["Go"], 5)
}
