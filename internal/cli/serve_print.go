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
	"rolecall/internal/terminal"
)

func printForms() []string { return []string{"docker", "compose", "podman", "devcontainer", "env"} }

// servePrint prints the lines with which programs elsewhere use the running serve: for one target, or the first.
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
		if i = s.find(name); i < 0 {
			return &HintError{
				Err: fmt.Errorf("serve does not hand out %q", name), Code: ExitError, Hint: "rolecall serve --add " + Quoted(name),
			}
		}
	}
	t := s.Targets[i]
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
		return a.printDevcontainer(t)
	}
	return export.WriteEndpoint(a.Stdout, dialectOf(shell), []export.Variable{
		{Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: t.URI},
		{Name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Value: t.TokenFile},
		{Name: "AWS_REGION", Value: t.Region},
		{Name: "AWS_DEFAULT_REGION", Value: t.Region},
	})
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
			Err: errors.New("a socket is needed for compose: a service has a network of its own"), Code: ExitError,
			Hint: "rolecall serve --stop, then: rolecall serve " + Quoted(t.Target) + " --socket ~/.rolecall.sock",
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

// printDevcontainer prints members of devcontainer.json.
func (a *App) printDevcontainer(t servedTarget) error {
	const token = "/run/rolecall-token"
	return terminal.WriteJSON(a.Stdout, map[string]any{
		"runArgs": []string{"--network=host"},
		"mounts":  []string{"type=bind,source=" + t.TokenFile + ",target=" + token + ",readonly"},
		"remoteEnv": map[string]string{
			"AWS_CONTAINER_CREDENTIALS_FULL_URI": t.URI, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
			"AWS_REGION": t.Region, "AWS_DEFAULT_REGION": t.Region,
		},
	}, "  ")
}

// ownProgram returns the path of this program, whatever links led to it.
func (a *App) ownProgram() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(self)
}
