package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
	"rolecall/internal/terminal"
)

func printForms() []string { return []string{"docker", "compose", "podman", "devcontainer", "env"} }

// servePrint prints what programs elsewhere need to use the running serve, for one target or the first.
func (a *App) servePrint(ctx context.Context, form, name, shell string) error {
	if !slices.Contains(printForms(), form) {
		return Usagef("unknown form %q; forms: %s", form, strings.Join(printForms(), ", "))
	}
	if !isFormat(dialectOf(shell)) {
		return unknownFormat(shell)
	}
	s, err := a.runningServe(ctx)
	if err != nil {
		return err
	}
	i := 0
	if name != "" {
		if i = a.findServed(ctx, s, name); i < 0 {
			return &HintError{
				Err: fmt.Errorf("serve does not hand out %q", name), Code: ExitError, Hint: "rolecall serve --add " + Quoted(name),
			}
		}
	}
	t := s.Targets[i]
	if s.Socket != "" && form != "podman" && form != "env" {
		if err := a.checkShared(s, t); err != nil {
			return err
		}
	}
	at, err := url.Parse(t.URI)
	if err != nil {
		return err
	}
	switch form {
	case "docker":
		return a.lines(a.printDocker(s, t, at.Port()))
	case "podman":
		return a.lines([]string{
			"# the container's 127.0.0.1:" + at.Port() + " is this machine's",
			"podman run --rm --network=pasta:-T," + at.Port() + " --env-file " + Quoted(t.EnvFile) + " IMAGE COMMAND",
		}, nil)
	case "compose":
		return a.printCompose(s, t, at.Port())
	case "devcontainer":
		return a.printDevcontainer(s, t, at.Port())
	}
	a.warnOfDefault(t)
	return export.WriteEndpoint(a.Stdout, dialectOf(shell), t.variables(t.TokenFile))
}

// findServed returns the index of a target, by its name or by what --add takes; -1 if it is not handed out.
func (a *App) findServed(ctx context.Context, s serveState, text string) int {
	if i := s.find(text); i >= 0 {
		return i
	}
	t, err := a.argument(targetFlags{}, text)
	if err != nil {
		return -1
	}
	profile, _, err := a.resolve(ctx, t, options{unattended: true})
	if err != nil {
		return -1
	}
	account, err := a.accountOf(profile, identitycenter.RoleCredentials{})
	if err != nil {
		return -1
	}
	return s.find(identityOf(profile, account).Target)
}

// variables returns those that point programs to the target. Without a region, programs keep their own.
func (t servedTarget) variables(tokenFile string) []export.Variable {
	all := []export.Variable{
		{Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: t.URI},
		{Name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Value: tokenFile},
	}
	if t.Region != "" {
		all = append(all, export.Variable{Name: "AWS_REGION", Value: t.Region},
			export.Variable{Name: "AWS_DEFAULT_REGION", Value: t.Region})
	}
	return all
}

// warnOfDefault warns if programs would use the credentials of [default] instead.
func (a *App) warnOfDefault(t servedTarget) {
	shared, err := a.config()
	if err == nil {
		var changed bool
		if _, _, changed, err = shared.BareDefault(); err == nil && changed {
			err = errors.New("the [default] profile has credentials, which programs prefer to these variables; run: " +
				"rolecall exec --serve " + Quoted(t.Target) + " -- COMMAND")
		}
	}
	if err != nil {
		a.warn(err)
	}
}

// checkShared refuses a socket whose folder holds anything else: containers mount the folder, since the socket is a new
// file each time serve starts.
func (a *App) checkShared(s serveState, t servedTarget) error {
	why := sharesMore(s.Socket, a.Home)
	if why == "" {
		return nil
	}
	return &HintError{
		Err: fmt.Errorf("the folder of the socket, %s, %s", filepath.Dir(s.Socket), why), Code: ExitUsage,
		Hint: a.socketHint(t),
	}
}

func (a *App) socketHint(t servedTarget) string {
	return "rolecall serve --stop, then: rolecall serve " + Quoted(t.Target) + " --socket ~/.rolecall/serve.sock"
}

// sharesMore says why a container should not get the folder of a socket; empty if it may.
func sharesMore(socket, home string) string {
	folder := filepath.Dir(socket)
	info, err := os.Stat(folder)
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	for _, other := range []string{home, "/", "/tmp", "/var/tmp", "/run", "/dev/shm", os.TempDir()} {
		if o, err := os.Stat(other); err == nil && os.SameFile(info, o) {
			return "is not for the socket alone: the container could read and change what is in it"
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	for _, entry := range entries {
		if entry.Name() != filepath.Base(socket) {
			return "also has other files, which the container could read and change"
		}
	}
	return ""
}

func (a *App) lines(lines []string, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.Stdout, strings.Join(lines, "\n"))
	return err
}

// printDocker uses the machine's network, or with --socket a forwarder in a network that both containers share.
func (a *App) printDocker(s serveState, t servedTarget, port string) ([]string, error) {
	if s.Socket == "" {
		return []string{
			"# on Linux; elsewhere, and for containers with a network of their own: rolecall serve --socket PATH",
			"docker run --rm --network host --env-file " + Quoted(t.EnvFile) + " IMAGE COMMAND",
		}, nil
	}
	program, err := a.ownProgram()
	if err != nil {
		return nil, err
	}
	mount := func(from, to string) string { return "--mount " + Quoted("type=bind,source="+from+",target="+to) }
	return []string{
		"docker run -d --rm --name rolecall " + mount(program, "/rolecall") + " " +
			mount(filepath.Dir(s.Socket), "/run/rolecall") + " busybox /rolecall serve --forward --to " +
			Quoted("unix:/run/rolecall/"+filepath.Base(s.Socket)) + " --listen 127.0.0.1:" + port,
		"docker run --rm --network container:rolecall --env-file " + Quoted(t.EnvFile) + " IMAGE COMMAND",
	}, nil
}

// printCompose prints JSON, which is YAML, too, and needs no other quoting: $ is doubled for Compose.
func (a *App) printCompose(s serveState, t servedTarget, port string) error {
	if s.Socket == "" {
		return &HintError{
			Err: errors.New("compose needs a socket: each service has its own network"), Code: ExitError,
			Hint: a.socketHint(t),
		}
	}
	program, err := a.ownProgram()
	if err != nil {
		return err
	}
	literal := func(text string) string { return strings.ReplaceAll(text, "$", "$$") }
	bind := func(from, to string) map[string]any {
		return map[string]any{"type": "bind", "source": literal(from), "target": to}
	}
	return terminal.WriteJSON(a.Stdout, map[string]any{"services": map[string]any{
		"rolecall": map[string]any{
			"image": "busybox",
			"command": []string{
				"/rolecall", "serve", "--forward", "--to", literal("unix:/run/rolecall/" + filepath.Base(s.Socket)),
				"--listen", "127.0.0.1:" + port,
			},
			"volumes": []any{bind(program, "/rolecall"), bind(filepath.Dir(s.Socket), "/run/rolecall")},
		},
		"app": map[string]any{
			"image": "IMAGE", "network_mode": "service:rolecall", "depends_on": []string{"rolecall"},
			"env_file": []string{literal(t.EnvFile)},
		},
	}}, "  ")
}

// printDevcontainer prints members of devcontainer.json. With --socket, the container runs a forwarder of its own.
func (a *App) printDevcontainer(s serveState, t servedTarget, port string) error {
	const token = "/run/rolecall-token"
	variables := map[string]string{}
	for _, v := range t.variables(token) {
		variables[v.Name] = v.Value
	}
	bind := func(from, to string) string { return "type=bind,source=" + from + ",target=" + to }
	mounts := []string{bind(t.TokenFile, token) + ",readonly"}
	members := map[string]any{"remoteEnv": variables}
	if s.Socket == "" {
		members["runArgs"] = []string{"--network=host"}
		a.note("containers can use this machine's network on Linux only; elsewhere: %s", a.socketHint(t))
	} else {
		program, err := a.ownProgram()
		if err != nil {
			return err
		}
		mounts = append(mounts, bind(program, "/rolecall")+",readonly", bind(filepath.Dir(s.Socket), "/run/rolecall"))
		members["postStartCommand"] = "nohup /rolecall serve --forward --to " +
			Quoted("unix:/run/rolecall/"+filepath.Base(s.Socket)) + " --listen 127.0.0.1:" + port + " >/dev/null 2>&1 &"
	}
	members["mounts"] = mounts
	return terminal.WriteJSON(a.Stdout, members, "  ")
}

// ownProgram returns the path of this program, with links resolved.
func (a *App) ownProgram() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(self)
}
