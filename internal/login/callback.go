package login

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/loopback"
)

const (
	callbackPath = "/oauth/callback"
	donePath     = "/oauth/done"
	// doneGrace is how long the browser may take to fetch the last page.
	doneGrace = 500 * time.Millisecond
)

// A callback waits on 127.0.0.1 for the browser to bring the authorization code
// (RFC 8252 section 7.3). Whatever does not carry this sign-in's state is
// answered and ignored: other programs and web pages can reach the port, too. Other users
// of the machine are refused, even with the right state (issue 12).
type callback struct {
	state    string
	server   *loopback.Server
	answers  chan callbackAnswer // the first one is taken
	sent     atomic.Bool         // a browser was sent to the last page
	shown    chan struct{}       // closed when it has fetched it
	showOnce sync.Once
}

type callbackAnswer struct {
	code identitycenter.Secret
	err  error
}

// listen opens the listener; port 0 takes a free one. refused hears of requests of other users.
func listen(port int, state string, refused func(error)) (*callback, error) {
	c := &callback{state: state, answers: make(chan callbackAnswer, 1), shown: make(chan struct{})}
	var err error
	if c.server, err = loopback.Listen(port, c, refused); err != nil {
		return nil, fmt.Errorf("the port for the browser's redirect: %w", err)
	}
	return c, nil
}

func (c *callback) redirectURI() string { return "http://" + c.server.Host + callbackPath }

// wait returns the code that the browser, or the person, brought.
func (c *callback) wait(ctx context.Context) (identitycenter.Secret, error) {
	select {
	case <-ctx.Done():
		return identitycenter.Secret{}, context.Cause(ctx)
	case answer := <-c.answers:
		return answer.code, answer.err
	}
}

// close ends the listener. A browser that was sent to the last page gets a
// moment to fetch it.
func (c *callback) close() {
	if c.sent.Load() {
		select {
		case <-c.shown:
		case <-time.After(doneGrace):
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), doneGrace)
	defer cancel()
	_ = c.server.Shutdown(ctx) // lets pages under way get out, also that of a refusal
	_ = c.server.Close()
}

// answer takes a query with this sign-in's state: a code, or an error. It returns
// false for any other query.
func (c *callback) answer(query url.Values) bool {
	if len(query["state"]) != 1 || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(c.state)) != 1 {
		return false
	}
	var answer callbackAnswer
	switch {
	case query.Get("error") != "":
		answer.err = refusal(query.Get("error"), query.Get("error_description"))
	case len(query["code"]) == 1 && query.Get("code") != "":
		answer.code = identitycenter.NewSecret(query.Get("code"))
	default:
		return false
	}
	select {
	case c.answers <- answer:
	default: // there is one already
	}
	return true
}

// refusal is an error answer of the authorization endpoint (RFC 6749 section
// 4.1.2.1).
func refusal(code, description string) error {
	kind := identitycenter.ErrInvalidRequest
	switch code {
	case "access_denied":
		kind = identitycenter.ErrAccessDenied
	case "server_error", "temporarily_unavailable":
		kind = identitycenter.ErrUnavailable
	}
	return &identitycenter.APIError{Operation: "Authorize", Code: code, Description: description, Kind: kind}
}

// ServeHTTP answers the browser, and the person's other programs.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(
		"Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
	)
	switch {
	case r.URL.Path == donePath && r.Method == http.MethodGet:
		defer c.showOnce.Do(func() { close(c.shown) })
		page(w, http.StatusOK, "Signed in", "You can close this window and go back to the terminal.")
	case r.URL.Path != callbackPath:
		http.NotFound(w, r)
	case r.Method != http.MethodGet:
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
	default:
		c.serveAnswer(w, r)
	}
}

func (c *callback) serveAnswer(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !c.answer(query) {
		page(
			w,
			http.StatusBadRequest,
			"Not this sign-in",
			"This is not the sign-in that rolecall is waiting for. rolecall is still waiting.",
		)
		return
	}
	if query.Get("error") != "" {
		page(w, http.StatusOK, "Not signed in", "The sign-in was refused. See the terminal for details.")
		return
	}
	c.sent.Store(true)
	// Away from the address that holds the code.
	http.Redirect(w, r, donePath, http.StatusSeeOther)
}

// page writes constant text only.
func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(
		w,
		`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
			`<title>%[1]s · rolecall</title><style>:root{color-scheme:light dark}`+
			`body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>`+
			`<h1>%[1]s</h1><p>%[2]s</p></html>`,
		title,
		text,
	)
}
