// Package console makes links that sign a browser in to the AWS console with role credentials. It keeps to itself the
// names of the sign-in hosts, and what counts as a page of the console. For a quarter of an hour a link is as good as
// the credentials: it is a Secret.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
)

// Bounds of the console session's length.
const (
	LeastSession = 15 * time.Minute
	MostSession  = 12 * time.Hour
)

// Life is how long a link is valid.
const Life = 15 * time.Minute

// A Request describes a link.
type Request struct {
	Credentials identitycenter.RoleCredentials
	Signin      string        // origin of the sign-in endpoint; see Signin
	Issuer      string        // where a person signs in again when the console session ends
	Destination string        // page of the console; see Destination
	Duration    time.Duration // of the console session; 0: as long as the credentials live. Refused for chained roles.
}

const (
	timeout   = 10 * time.Second
	maxAnswer = 64 << 10
)

// Link requests a sign-in token and returns the address that it opens. asker must not follow redirects, and must
// bound answers; see client.NewHTTP. The credentials are in the request's query, as AWS requires; no error repeats
// it.
func Link(ctx context.Context, asker *http.Client, r Request) (identitycenter.Secret, error) {
	none := identitycenter.Secret{}
	late := problem(r, identitycenter.ErrUnavailable, fmt.Sprintf("no answer within %s", timeout))
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, late)
	defer cancel()
	session, err := json.Marshal(map[string]string{
		"sessionId": r.Credentials.AccessKeyID, "sessionKey": r.Credentials.SecretAccessKey.Reveal(),
		"sessionToken": r.Credentials.SessionToken.Reveal(),
	})
	if err != nil {
		return none, errors.New("these credentials cannot be sent")
	}
	query := url.Values{"Action": {"getSigninToken"}, "Session": {string(session)}}
	if r.Duration != 0 {
		query.Set("SessionDuration", strconv.Itoa(int(r.Duration.Seconds())))
	}
	token, err := ask(ctx, asker, r, query)
	if err != nil {
		return none, err
	}
	return identitycenter.NewSecret(r.Signin + "/federation?" + url.Values{
		"Action": {"login"}, "Issuer": {r.Issuer}, "Destination": {r.Destination}, "SigninToken": {token},
	}.Encode()), nil
}

const operation = "getSigninToken"

func problem(r Request, kind error, description string) error {
	return &identitycenter.APIError{Operation: operation, Endpoint: r.Signin, Kind: kind, Description: description}
}

func ask(ctx context.Context, asker *http.Client, r Request, query url.Values) (token string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Signin+"/federation?"+query.Encode(), nil)
	if err != nil {
		return "", fmt.Errorf("%q is not a sign-in endpoint", r.Signin)
	}
	answer, err := asker.Do(request)
	if err != nil {
		return "", client.Translate(ctx, operation, r.Signin, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return "", client.Translate(ctx, operation, r.Signin, err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", refused(r, answer.StatusCode)
	}
	if len(body) > maxAnswer {
		return "", problem(r, identitycenter.ErrBadAnswer, fmt.Sprintf("the answer is larger than %d bytes", maxAnswer))
	}
	if err := client.CheckObject(body); err != nil {
		return "", problem(r, identitycenter.ErrBadAnswer, err.Error())
	}
	var out map[string]any // a struct would take a name in any case
	if json.Unmarshal(body, &out) == nil {
		token, _ = out["SigninToken"].(string)
	}
	if !isToken(token) {
		return "", problem(r, identitycenter.ErrBadAnswer, "it has no sign-in token")
	}
	return token, nil
}

// refused returns the error for a status other than 200. AWS answers every rejected request with 400.
func refused(r Request, status int) error {
	kind, text := client.StatusKind(status), fmt.Sprintf("HTTP status %d", status)
	if kind == identitycenter.ErrUnauthorized {
		kind = identitycenter.ErrRejectedKeys
	}
	if status/100 == 4 && kind != identitycenter.ErrThrottled {
		text += ": the sign-in endpoint rejects these credentials"
	}
	return problem(r, kind, text)
}

// isToken reports whether text may be a token: visible ASCII of a reasonable length.
func isToken(text string) bool {
	return text != "" && len(text) <= 16<<10 &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// PortalLink returns the deep link of the access portal that opens the console without keys: the portal makes them
// once the person has signed in there.
func PortalLink(startURL, account, role, destination string) string {
	front, _, _ := strings.Cut(startURL, "#")
	query := url.Values{"account_id": {account}, "role_name": {role}}
	if destination != "" {
		query.Set("destination", destination)
	}
	return strings.TrimRight(front, "/") + "/#/console?" + query.Encode()
}
