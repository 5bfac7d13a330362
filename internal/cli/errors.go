package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/credentials"
	"rolecall/internal/discovery"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/login"
	"rolecall/internal/policy"
)

// Exit codes: the full contract, also in the help and the guide. The manual's tables are made from these lines.
const (
	ExitOK            = 0   // Success.
	ExitError         = 1   // Any other error.
	ExitUsage         = 2   // The command line is wrong.
	ExitLogin         = 3   // You have to sign in.
	ExitNoAccess      = 4   // You do not have this account or role, or its trust policy does not name you.
	ExitUnavailable   = 5   // AWS throttles requests, or cannot be reached. Try again later.
	ExitConfiguration = 6   // A file or setting is wrong or missing.
	ExitRefused       = 7   // Refused by a policy, a guard or a safety rule; nothing was sent.
	ExitInterrupted   = 130 // Interrupted by Ctrl-C (SIGINT).
	ExitTerminated    = 143 // Ended by SIGTERM.
)

// ErrInterrupted and ErrTerminated are the causes of a context ended by a signal.
var (
	ErrInterrupted = errors.New("interrupted")
	ErrTerminated  = errors.New("terminated")
)

// A UsageError is a command line that rolecall does not understand.
type UsageError struct{ error }

// Unwrap returns the error without its kind.
func (e *UsageError) Unwrap() error { return e.error }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// A ChildExit ends rolecall with the exit code of a command that it ran, or of what doctor found, without a message.
type ChildExit struct{ Code int }

// Error names the exit code.
func (e *ChildExit) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// A HintError is an error with its exit code and the command that helps.
type HintError struct {
	Err   error
	Code  int
	Facts []string // what else is known, a line each
	Hint  string
}

// Error returns what happened.
func (e *HintError) Error() string { return e.Err.Error() }

// Unwrap returns what happened as an error.
func (e *HintError) Unwrap() error { return e.Err }

// A report is an error as shown to a person, or to a program with --json.
type report struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Facts   []string `json:"facts,omitempty"`
	Hint    string   `json:"hint,omitempty"`
}

// explain returns the report of an error: its exit code, what is known, and the command that
// helps.
func (a *App) explain(ctx context.Context, err error) report {
	r := report{Code: ExitError, Message: err.Error()}
	var hinted *HintError
	var required *login.RequiredError
	var endpoint *login.EndpointError
	var noAccess *credentials.NoAccessError
	var usage *UsageError
	var start *login.StartURLError
	var config *awsconfig.Error
	var scopes *login.ScopesError
	var refusal *policy.Refusal
	switch {
	case errors.As(err, &hinted):
		r.Code, r.Facts, r.Hint = hinted.Code, hinted.Facts, hinted.Hint
	case errors.Is(err, ErrTerminated) || errors.Is(context.Cause(ctx), ErrTerminated):
		r.Code, r.Message = ExitTerminated, "terminated"
	case errors.Is(err, ErrInterrupted) || errors.Is(err, context.Canceled):
		r.Code, r.Message = ExitInterrupted, "interrupted"
	case errors.As(err, &usage):
		r.Code, r.Hint = ExitUsage, cmp.Or(a.help, "rolecall --help")
	case errors.As(err, &required):
		r.Code, r.Facts, r.Hint = ExitLogin, a.requiredFacts(required), loginHint(required.Session)
	case errors.As(err, &endpoint):
		r.Code, r.Hint = ExitRefused, endpointHint(endpoint)
	case errors.As(err, &refusal):
		r.Code, r.Hint = ExitRefused, "rolecall config policy"
	case errors.As(err, &start):
		r.Code, r.Hint = ExitConfiguration, startURLHint(start)
	case errors.As(err, &scopes):
		r.Code, r.Facts, r.Hint = ExitConfiguration, a.scopesFacts(scopes), scopesHint(scopes)
	case errors.As(err, &noAccess):
		r.Code, r.Facts, r.Hint = ExitNoAccess, noAccess.Facts(), freshHint(noAccess.Session)
	case errors.As(err, &config):
		r.Code, r.Hint = ExitConfiguration, "rolecall config show"
		r.Facts = a.configFacts(config)
		if a.shared == nil && config.Remedy != "" {
			r.Hint = "rolecall config show, after correcting that"
		}
	default:
		a.explainKind(err, &r)
	}
	a.explainVariant(err, &r)
	a.explainSealed(err, &r)
	if incomplete := (*inventory.IncompleteError)(nil); errors.As(err, &incomplete) {
		r.Facts = append([]string{incomplete.Kept()}, r.Facts...)
		if r.Code == ExitUnavailable || r.Code == ExitInterrupted {
			r.Hint = "rolecall sync" + sessionArgument(incomplete.Session)
		}
		if r.Code == ExitNoAccess {
			r.Hint = freshHint(incomplete.Session)
		}
	}
	return r
}

// explainKind explains errors of which only the kind matters.
func (a *App) explainKind(err error, r *report) {
	var damaged *cache.DamagedError
	var account *inventory.AccountError
	var text *discovery.StartURLError
	var elsewhere *discovery.ElsewhereError
	var identity *credentials.IdentityError
	switch {
	case errors.As(err, &account):
		r.Code, r.Facts, r.Hint = ExitNoAccess, account.Facts(), "rolecall ls"+sessionArgument(account.Session)
	case errors.Is(err, identitycenter.ErrWrongClock):
		r.Hint = "set this computer's clock and time zone, then try again"
	case errors.As(err, &identity):
		r.Hint = "check AWS_ENDPOINT_URL_STS; to drop cached keys: rolecall logout, then rolecall login"
	case errors.As(err, &damaged):
		r.Hint = "rolecall login"
	case errors.As(err, &text):
		r.Code, r.Hint = ExitUsage, "rolecall configure https://d-1234567890.awsapps.com/start"
	case errors.Is(err, filesystem.ErrNoFile), errors.Is(err, filesystem.ErrNoFolder),
		errors.Is(err, filesystem.ErrDangling), errors.Is(err, filesystem.ErrOtherNames):
		r.Code, r.Hint = ExitConfiguration, oddHint(err)
	case errors.As(err, &elsewhere):
		r.Code = ExitRefused
	case errors.Is(err, login.ErrDeclined), errors.Is(err, filesystem.ErrForeignOwner):
		r.Code = ExitRefused
	case errors.Is(err, identitycenter.ErrAccessDenied), errors.Is(err, identitycenter.ErrExpiredCode),
		errors.Is(err, identitycenter.ErrLoginRequired), errors.Is(err, identitycenter.ErrUnauthorized),
		errors.Is(err, identitycenter.ErrInvalidGrant), errors.Is(err, identitycenter.ErrInvalidClient):
		r.Code, r.Hint = ExitLogin, "rolecall login"
	case errors.Is(err, credentials.ErrNoKeys):
		r.Code, r.Hint = ExitConfiguration, "rolecall config show"
	case errors.Is(err, identitycenter.ErrRejectedKeys):
		r.Code, r.Hint = ExitLogin, "rolecall login --fresh"
		if !a.inForce.SignsIn() {
			r.Hint = "rolecall config show, which shows where the keys are"
		}
	case errors.Is(err, identitycenter.ErrNoAccess):
		r.Code, r.Hint = ExitNoAccess, noAccessHint(err)
	case errors.Is(err, identitycenter.ErrThrottled):
		r.Code, r.Hint = ExitUnavailable, "try again in a minute"
	case errors.Is(err, identitycenter.ErrUnavailable), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, filesystem.ErrLocked):
		r.Code, r.Hint = ExitUnavailable, "check the network and HTTPS_PROXY, then try again"
	case errors.Is(err, identitycenter.ErrBadAnswer) && strings.Contains(r.Message, "certificate"):
		r.Hint = "if it is your company's proxy, set AWS_CA_BUNDLE to the file with its certificates"
	case errors.Is(err, identitycenter.ErrBadAnswer):
		r.Hint = "check sso_region, HTTPS_PROXY, AWS_CA_BUNDLE and AWS_ENDPOINT_URL_*: the answer did not come from AWS"
	case errors.Is(err, os.ErrPermission):
		r.Hint = "check the owner and mode of that file and its folder"
	}
}

// noAccessHint says where to look next: the portal's list, or the owner of a role that STS refuses.
func noAccessHint(err error) string {
	if api := (*identitycenter.APIError)(nil); errors.As(err, &api) && strings.HasPrefix(api.Operation, "AssumeRole") {
		return "ask the role's owner whether its trust policy names you, and which external id it requires"
	}
	return "rolecall ls"
}

// oddHint returns the command that moves what is no file, or no folder of ours, out of the way.
func oddHint(err error) string {
	var at *fs.PathError
	switch {
	case errors.Is(err, filesystem.ErrDangling):
		return "create the file that the link points to, or remove the link"
	case errors.As(err, &at) && !strings.HasPrefix(at.Path, "/dev/"):
		return "mv " + Quoted(at.Path) + " " + Quoted(at.Path+".aside")
	}
	return "set AWS_CONFIG_FILE to a regular file"
}

// loginHint returns the command that signs in to session.
func loginHint(session identitycenter.SSOSession) string {
	return "rolecall login" + sessionArgument(session)
}

// requiredFacts adds, for login itself, that its hint needs a person.
func (a *App) requiredFacts(e *login.RequiredError) []string {
	if a.running != nil && a.running.CommandPath() == "rolecall login" && !a.Terminal {
		return append(slices.Clip(e.Facts), "there is no terminal here; sign in at one")
	}
	return e.Facts
}

// startURLHint returns the command that corrects the region. If the region is right, the
// start URL is wrong.
func startURLHint(e *login.StartURLError) string {
	command := "rolecall configure " + Quoted(e.Session.StartURL)
	switch {
	case e.Moved:
		return loginHint(e.Session)
	case e.Endpoint != "", e.Found == e.Session.Region:
		return "check the start URL: it must be the address of your AWS access portal"
	case e.Found == "":
		return command + " --region REGION"
	}
	return command
}

// scopesFacts names the line with the scopes.
func (a *App) scopesFacts(e *login.ScopesError) []string {
	config, err := a.config()
	if err != nil {
		return nil
	}
	at := config.SessionKey(e.Session.Name, "sso_registration_scopes")
	return []string{fmt.Sprintf("set at %s:%d: sso_registration_scopes", a.Tidy(at.File), at.Line)}
}

func scopesHint(e *login.ScopesError) string {
	scopes := strings.Join(append([]string{identitycenter.AccessScope}, e.Session.Scopes...), ",")
	return fmt.Sprintf("rolecall configure %s --session %s --scopes %s",
		Quoted(e.Session.StartURL), Quoted(e.Session.Name), Quoted(scopes))
}

func freshHint(session identitycenter.SSOSession) string {
	return "rolecall login --fresh" + sessionArgument(session)
}

func sessionArgument(session identitycenter.SSOSession) string { return " " + Quoted(session.Label()) }

func endpointHint(e *login.EndpointError) string {
	if e.Override != "" {
		return "unset " + e.Override + ", or sign in there: " + loginHint(e.Session)
	}
	return "restore the endpoints that issued it, or sign in again: " + loginHint(e.Session)
}
