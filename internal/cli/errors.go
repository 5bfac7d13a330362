package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/credentials"
	"rolecall/internal/discovery"
	"rolecall/internal/export"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/login"
	"rolecall/internal/terminal"
)

// Exit codes: the whole contract, also in the help and the README.
const (
	exitOK            = 0
	exitError         = 1
	exitUsage         = 2
	exitLogin         = 3
	exitNoAccess      = 4
	exitUnavailable   = 5
	exitConfiguration = 6
	exitRefused       = 7
	exitInterrupted   = 130
	exitTerminated    = 143
)

// ErrInterrupted and ErrTerminated are the causes of a context that a signal
// ended.
var (
	ErrInterrupted = errors.New("interrupted")
	ErrTerminated  = errors.New("terminated")
)

// A usageError is a command line that rolecall does not understand.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// A childExit ends rolecall with the code of a command that it ran, and says
// nothing.
type childExit struct{ code int }

func (e *childExit) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// A hintError is an error with the command that helps.
type hintError struct {
	error
	code  int
	facts []string
	hint  string
}

func (e *hintError) Unwrap() error { return e.error }

// A report is an error as a person, or a program with --json, gets it.
type report struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Facts   []string `json:"facts,omitempty"`
	Hint    string   `json:"hint,omitempty"`
}

// fail says err, with its way out, and gives the exit code. It is the one place
// that does.
func (a *App) fail(ctx context.Context, err error) int {
	var passed *childExit
	if errors.As(err, &passed) {
		return passed.code
	}
	r := explain(ctx, err)
	r.Message = a.show(r.Message)
	for i := range r.Facts {
		r.Facts[i] = a.show(r.Facts[i])
	}
	if a.json {
		data, _ := json.Marshal(map[string]report{"error": r})
		fmt.Fprintf(a.Stderr, "%s\n", data)
		return r.Code
	}
	fmt.Fprintf(a.Stderr, "rolecall: %s\n", r.Message)
	for _, fact := range r.Facts[:min(len(r.Facts), maxFacts)] {
		fmt.Fprintf(a.Stderr, "  %s\n", fact)
	}
	if r.Hint != "" {
		fmt.Fprintf(a.Stderr, "rolecall: hint: %s\n", r.Hint)
	}
	return r.Code
}

const maxFacts = 4

// show makes text from servers, files and arguments harmless to a terminal.
func (a *App) show(text string) string { return terminal.ShowLine(text) }

// warn says what went wrong without harm to the answer.
func (a *App) warn(err error) {
	fmt.Fprintf(a.Stderr, "rolecall: warning: %s\n", a.show(err.Error()))
}

// explain finds for each kind of error its code, what is known, and the command
// that helps.
func explain(ctx context.Context, err error) report {
	r := report{Code: exitError, Message: err.Error()}
	var hinted *hintError
	var required *login.RequiredError
	var endpoint *login.EndpointError
	var noAccess *credentials.NoAccessError
	var usage *usageError
	var start *login.StartURLError
	switch {
	case errors.As(err, &hinted):
		r.Code, r.Facts, r.Hint = hinted.code, hinted.facts, hinted.hint
	case errors.Is(err, ErrTerminated) || errors.Is(context.Cause(ctx), ErrTerminated):
		r.Code, r.Message = exitTerminated, "terminated"
	case errors.Is(err, ErrInterrupted) || errors.Is(err, context.Canceled):
		r.Code, r.Message = exitInterrupted, "interrupted"
	case errors.As(err, &usage):
		r.Code, r.Hint = exitUsage, "rolecall --help"
	case errors.As(err, &required):
		r.Code, r.Facts, r.Hint = exitLogin, required.Facts, loginHint(required.Session)
	case errors.As(err, &endpoint):
		r.Code, r.Hint = exitRefused, endpointHint(endpoint)
	case errors.As(err, &start):
		r.Code, r.Hint = exitConfiguration, startURLHint(start)
	case errors.As(err, &noAccess):
		r.Code, r.Facts, r.Hint = exitNoAccess, noAccess.Facts(), freshHint(noAccess.Session)
	default:
		explainKind(err, &r)
	}
	if incomplete := (*inventory.IncompleteError)(nil); errors.As(err, &incomplete) {
		r.Facts = append([]string{incomplete.Kept()}, r.Facts...)
		if r.Code == exitUnavailable || r.Code == exitInterrupted {
			r.Hint = "rolecall sync" + sessionArgument(incomplete.Session)
		}
	}
	return r
}

// explainKind goes by what an error is, where its type says no more.
func explainKind(err error, r *report) {
	var config *awsconfig.Error
	var damaged *cache.DamagedError
	var account *inventory.AccountError
	var text *discovery.StartURLError
	var elsewhere *discovery.ElsewhereError
	switch {
	case errors.As(err, &config):
		r.Code = exitConfiguration
		r.Facts, r.Hint = configFacts(config)
	case errors.As(err, &account):
		r.Code, r.Facts, r.Hint = exitNoAccess, account.Facts(), "rolecall ls"+sessionArgument(account.Session)
	case errors.As(err, &damaged):
		r.Hint = "rolecall login"
	case errors.As(err, &text):
		r.Code, r.Hint = exitUsage, "rolecall configure https://d-1234567890.awsapps.com/start"
	case errors.Is(err, filesystem.ErrNoFile), errors.Is(err, filesystem.ErrDangling):
		r.Code, r.Hint = exitConfiguration, "set AWS_CONFIG_FILE to a regular file, or make the file that the link leads to"
	case errors.As(err, &elsewhere):
		r.Code = exitRefused
	case errors.Is(err, login.ErrDeclined), errors.Is(err, filesystem.ErrForeignOwner):
		r.Code = exitRefused
	case errors.Is(err, identitycenter.ErrAccessDenied), errors.Is(err, identitycenter.ErrExpiredCode),
		errors.Is(err, identitycenter.ErrLoginRequired), errors.Is(err, identitycenter.ErrUnauthorized):
		r.Code, r.Hint = exitLogin, "rolecall login"
	case errors.Is(err, identitycenter.ErrNoAccess):
		r.Code, r.Hint = exitNoAccess, "rolecall ls"
	case errors.Is(err, identitycenter.ErrThrottled):
		r.Code, r.Hint = exitUnavailable, "try again in a minute"
	case errors.Is(err, identitycenter.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, filesystem.ErrLocked):
		r.Code, r.Hint = exitUnavailable, "check the network and HTTPS_PROXY, then try again"
	case errors.Is(err, identitycenter.ErrBadAnswer):
		r.Hint = "check sso_region, HTTPS_PROXY, AWS_CA_BUNDLE and AWS_ENDPOINT_URL_*: something else than AWS has answered"
	case errors.Is(err, os.ErrPermission):
		r.Hint = "check the owner and mode of that file and its folder"
	}
}

func configFacts(e *awsconfig.Error) (facts []string, hint string) {
	hint = "rolecall config show"
	if near := e.Nearest(); near != "" {
		facts = append(facts, "did you mean "+quoted(near)+"?")
	}
	return facts, hint
}

// loginHint is the command that signs in to session. A legacy session is known
// by its start URL only.
func loginHint(session identitycenter.SSOSession) string {
	return "rolecall login" + sessionArgument(session)
}

// startURLHint is the command that sets the region right. Where the region is right, the
// start URL is not.
func startURLHint(e *login.StartURLError) string {
	command := "rolecall configure " + quoted(e.Session.StartURL)
	switch {
	case e.Endpoint != "", e.Found == e.Session.Region:
		return "check the start URL: it is where your browser shows the AWS access portal"
	case e.Found == "":
		return command + " --region REGION"
	}
	return command
}

func freshHint(session identitycenter.SSOSession) string {
	return "rolecall login --fresh" + sessionArgument(session)
}

func sessionArgument(session identitycenter.SSOSession) string { return " " + quoted(session.Label()) }

func endpointHint(e *login.EndpointError) string {
	if e.Override != "" {
		return "unset " + e.Override + ", or sign in there: " + loginHint(e.Session)
	}
	return "set the endpoints that issued it again, or sign in anew: " + loginHint(e.Session)
}

// quoted writes an argument as a POSIX shell takes it.
func quoted(text string) string {
	q, err := export.QuoteSh(text)
	if err != nil {
		return "…" // a NUL: no shell takes it
	}
	return q
}
