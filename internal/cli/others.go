package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/login"
	"rolecall/internal/words"
)

// Profiles that have nothing to do with Identity Center (docs/decisions/019).

// sessionOf is session, or otherSession, as profile needs it.
func (a *App) sessionOf(ctx context.Context, profile *awsconfig.Profile, o options) (*session, error) {
	if profile.SignsIn() {
		return a.session(ctx, profile, o)
	}
	return a.otherSession(*profile, o)
}

// otherSession is session for a profile that does not sign in: it has no portal.
func (a *App) otherSession(profile awsconfig.Profile, o options) (*session, error) {
	store, err := a.cache()
	if err != nil {
		return nil, err
	}
	a.inForce = profile
	stderr := cmp.Or(o.stderr, a.Stderr)
	httpClient, err := a.network(profile, a.Logger(stderr))
	if err != nil {
		return nil, err
	}
	return &session{
		login: &login.Login{Store: store, Now: a.Now},
		source: &credentials.Source{
			Cache: store, Warn: func(err error) { a.warnTo(stderr, err) }, Now: a.Now, Others: a.others(o),
			STS: credentials.STS{
				HTTP: httpClient, Endpoint: a.endpoints(profile).sts, FIPS: a.fips(profile), DualStack: a.dualStack(profile),
				Now: a.Now,
			},
		},
	}, nil
}

// others are the ways to keys that need this process or the person.
func (a *App) others(o options) credentials.Others {
	return credentials.Others{
		Getenv:  a.Getenv,
		Process: func(ctx context.Context, p awsconfig.Profile) ([]byte, error) { return a.runProcess(ctx, p, o) },
		Code:    func(ctx context.Context, serial string) (string, error) { return a.mfaCode(ctx, serial, o) },
	}
}

// mfaCode asks the person for the code of an MFA device.
func (a *App) mfaCode(ctx context.Context, serial string, o options) (string, error) {
	if o.unattended || !a.Terminal {
		return "", &HintError{
			Err:  fmt.Errorf("the role needs a code from the MFA device %s, and there is no terminal to enter it", serial),
			Code: ExitLogin, Hint: "run the command at a terminal",
		}
	}
	for {
		code, err := a.ask(ctx, "code from the MFA device "+serial, "")
		if err != nil || len(code) == 6 && strings.Trim(code, "0123456789") == "" {
			return code, err
		}
		a.note("a code has six digits")
	}
}

const (
	// processLimit is how long a credential_process may take.
	processLimit = time.Minute
	maxProcess   = 64 << 10
	// inProcess holds the profiles whose credential_process is running: one that calls rolecall for its own profile would
	// never end.
	inProcess = "ROLECALL_IN_PROCESS"
)

// runProcess runs the credential_process of a profile, if the person agrees to this command line.
func (a *App) runProcess(ctx context.Context, p awsconfig.Profile, o options) ([]byte, error) {
	running := strings.Split(a.Getenv(inProcess), "\n")
	for _, name := range running {
		if name == p.Name {
			return nil, fmt.Errorf("it runs rolecall for profile %q, which would run it again", p.Name)
		}
	}
	argv := words.Shell(p.CredentialProcess)
	if len(argv) == 0 {
		return nil, errors.New("the command line is empty, or has an unclosed quote")
	}
	path, err := lookPath(argv[0])
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if err := a.agreeToProcess(ctx, p, o, path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, processLimit,
		fmt.Errorf("no answer within %s: %w", processLimit, identitycenter.ErrUnavailable))
	defer cancel()
	var out boundedOutput
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, a.Stderr, time.Second
	cmd.Env = append(append([]string{}, a.Environ...), inProcess+"="+strings.Join(append(running, p.Name), "\n"))
	if a.Terminal && !o.unattended {
		cmd.Stdin = a.Stdin // some ask for a code
	}
	err = a.Limits.Lift(cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case out.full:
		return nil, fmt.Errorf("%s wrote more than %d bytes", filepath.Base(path), maxProcess)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // what it left in the background may hold its stdout
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return out.data.Bytes(), nil
}

// A boundedOutput keeps the first bytes written, and discards the rest.
type boundedOutput struct {
	data bytes.Buffer // not embedded: ReadFrom would bypass the limit
	full bool
}

func (l *boundedOutput) Write(p []byte) (int, error) {
	if l.full = l.full || l.data.Len()+len(p) > maxProcess; l.full {
		return len(p), nil
	}
	return l.data.Write(p)
}

// agreeToProcess asks once for each command line of a config file, and program: the file may be anybody's, the program
// depends on PATH or the working directory, and it runs as this person.
func (a *App) agreeToProcess(ctx context.Context, p awsconfig.Profile, o options, program string) error {
	config, err := filepath.Abs(p.Origin.File)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(config + "\x00" + program + "\x00" + p.CredentialProcess))
	return a.agreeOnce(ctx, agreement{
		name: hex.EncodeToString(sum[:]), attended: a.Terminal && !o.unattended,
		refusal: &HintError{
			Err:   fmt.Errorf("profile %q gets its keys from a command that you have not allowed yet", p.Name),
			Code:  ExitRefused,
			Facts: []string{"the command, at " + p.Origin.String() + ": " + p.CredentialProcess},
			Hint:  "rolecall whoami " + Quoted(p.Name) + ", at a terminal",
		},
		explain: func() {
			a.note("profile %q at %s gets its keys from this command:", p.Name, a.Tidy(p.Origin.String()))
			a.detail("%s", p.CredentialProcess)
			a.detail("which runs %s", program)
		},
		question: "allow this command?",
	})
}

// An agreement is a question that is asked once: a yes is remembered under its name.
type agreement struct {
	name     string
	attended bool   // somebody can be asked
	refusal  error  // if not
	explain  func() // says what it is about
	question string
}

func (a *App) agreeOnce(ctx context.Context, g agreement) error {
	path := filepath.Join(a.StateFolder(), "agreed", g.name)
	var files filesystem.Files
	if _, err := files.ReadSecret(path); err == nil {
		return nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if !g.attended {
		return g.refusal
	}
	g.explain()
	yes, err := (&atTerminal{app: a}).Confirm(ctx, g.question)
	if err != nil {
		return err
	}
	if !yes {
		return login.ErrDeclined
	}
	return files.WriteSecret(path, nil)
}
