package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rolecall/internal/export"
	"rolecall/internal/filesystem"
	"rolecall/internal/handout"
	"rolecall/internal/loopback"
)

// execServed runs a command that gets its keys from an endpoint of ours (docs/decisions/017).
func (a *App) execServed(ctx context.Context, t target, stdout io.Writer, argv []string, inVariable bool) error {
	if _, err := lookPath(argv[0]); err != nil {
		return err
	}
	profile, keys, err := a.retrieve(ctx, t, options{})
	if err != nil {
		return err
	}
	account, err := a.accountOf(profile, keys)
	if err != nil {
		return err
	}
	e := a.environment(profile, keys, account)
	h := a.newHandedOut()
	h.command = programOf(argv)
	h.endless = "to assume a role with them, pass --assume ARN; or use exec without --serve"
	defer h.endpoint.Close()
	added, err := h.add(e.Identity.Target, profile, keys, account.ID, e.Identity.Role)
	if err != nil {
		return err
	}
	server, err := loopback.Config{
		Handler: h.endpoint, Refused: h.stranger, Refuse: handout.Refuse,
	}.Listen(0)
	if err != nil {
		return fmt.Errorf("could not start an endpoint for the command: %w", err)
	}
	defer func() { _ = server.Close() }()
	var files keptFiles
	defer func() { files.close() }()
	token, err := a.tokenVariable(&files, added, inVariable)
	if err != nil {
		return err
	}
	copies, err := a.bareConfig(&files)
	if err != nil {
		return err
	}
	variables := append(copies, token, export.Variable{
		Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: "http://" + server.Host + added.Path(),
	})
	environ, err := export.EndpointEnvironment(a.Environ, e, variables)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return a.Run(stdout, argv, environ)
}

// keptFiles are files that are removed when the command ends.
type keptFiles []*filesystem.Kept

func (k *keptFiles) keep(dir, name string, data []byte) (path string, err error) {
	kept, err := filesystem.Files{}.Keep(dir, name, data)
	if err != nil {
		return "", err
	}
	*k = append(*k, kept)
	return kept.Path, nil
}

func (k *keptFiles) close() {
	for _, kept := range *k {
		_ = kept.Close() // the next command removes what is left
	}
}

// tokenVariable returns the variable that holds the token, or names the file that does.
func (a *App) tokenVariable(files *keptFiles, t *handout.Target, inVariable bool) (export.Variable, error) {
	const name = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	text := t.Token().Reveal()
	if inVariable {
		return export.Variable{Name: name, Value: text}, nil
	}
	path, err := files.keep(a.handoutFolder(), "token", []byte(text)) // no line end: botocore refuses it
	if err != nil {
		return export.Variable{}, notWritten("the token of the endpoint", err, withoutServe)
	}
	return export.Variable{Name: name + "_FILE", Value: path}, nil
}

// bareConfig copies the config files without the credentials of [default], which would win over the endpoint. It
// returns the variables that name the copies; none if there are no such credentials.
func (a *App) bareConfig(files *keptFiles) (variables []export.Variable, err error) {
	shared, err := a.config()
	if err != nil {
		return nil, err
	}
	config, credentials, changed, err := shared.BareDefault()
	if err != nil || !changed {
		return nil, err
	}
	for _, copied := range []struct {
		variable, name string
		data           []byte
	}{
		{"AWS_CONFIG_FILE", "config", config}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials", credentials},
	} {
		path, err := files.keep(a.handoutFolder(), copied.name, copied.data)
		if err != nil {
			return nil, notWritten(
				"the [default] profile would take precedence over the endpoint, and a copy of the "+copied.name+
					" file without it", err, withoutServe)
		}
		variables = append(variables, export.Variable{Name: copied.variable, Value: path})
	}
	return variables, nil
}

const withoutServe = ", or run exec without --serve"

// notWritten returns the error for a file that cannot be written; instead is another way out, for the hint.
func notWritten(what string, err error, instead string) error {
	if errors.Is(err, filesystem.ErrForeignOwner) {
		return err
	}
	return &HintError{
		Err: fmt.Errorf("%s cannot be written: %w", what, err), Code: ExitConfiguration,
		Hint: "set XDG_STATE_HOME to a folder that you can write to" + instead,
	}
}
