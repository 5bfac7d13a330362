// Package admin serves AWS's administration APIs: sso-admin, identitystore and (read-only) organizations, as AWS JSON
// 1.1. Its Authenticate decides who may call. It keeps to itself how requests are decoded, checked and paged, and the
// asynchronous requests whose status can be queried.
package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sort"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/wire"
)

// MaxBody bounds the body of a request.
const MaxBody = 1 << 20

// DefaultStatusDelay is how long assignments and provisionings answer IN_PROGRESS.
const DefaultStatusDelay = 200 * time.Millisecond

// An API answers POST / with X-Amz-Target. It needs a store that was opened with
// directory.Open.
type API struct {
	Store store.Store
	Now   func() time.Time
	// Authenticate returns who signed a request, for the audit, and whether it is refused.
	Authenticate func(r *http.Request, body []byte) (actor string, refusal *Refusal)
	// Refused, unless nil, is called for each call that was refused for its signature or rights.
	Refused func(r *http.Request, actor, operation, code string)
	// StatusDelay is DefaultStatusDelay when zero.
	StatusDelay time.Duration
}

// A Refusal is the answer to a caller without access: 400 UnrecognizedClientException, InvalidSignatureException,
// MissingAuthenticationTokenException, AccessDeniedException.
type Refusal struct {
	Status        int
	Code, Message string
}

// A call is one request on its way through an operation.
type call struct {
	*API
	service   service
	operation string
	actor     string
	now       time.Time
	instance  directory.Instance
	// target and details are for the audit.
	target, details string
}

// note records what a change is about, for the audit: names and ids, never secrets.
func (c *call) note(target, details string) { c.target, c.details = target, details }

// Operations lists all targets: SWBExternalService.ListInstances …
func (a *API) Operations() []string {
	var targets []string
	for _, s := range services() {
		for name := range s.operations {
			targets = append(targets, s.prefix+"."+name)
		}
	}
	sort.Strings(targets)
	return targets
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := wire.RequestID(w)
	c := &call{API: a, now: a.Now()}
	out, err := c.answer(r)
	status := http.StatusOK
	if err != nil {
		var e *awsError
		if !errors.As(err, &e) {
			e = c.service.internalError()
		}
		w.Header().Set("x-amzn-ErrorType", e.code)
		status, out = e.status, e.body(c.service, id)
	}
	body, err := json.Marshal(out)
	if err != nil { // cannot be: all answers are plain structs and maps
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (c *call) answer(r *http.Request) (any, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return nil, errSerialization.say("The request body could not be read")
	}
	if len(body) > MaxBody {
		return nil, errTooLarge
	}
	prefix, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.service, c.operation = services()[prefix], name
	run, known := c.service.operations[name]
	if r.Method != http.MethodPost || !known {
		return nil, errUnknownOperation.say("%s",
			wire.Missing(cmp.Or(c.service.name, prefix), cmp.Or(name, "a request without X-Amz-Target")))
	}
	actor, refusal := c.Authenticate(r, body)
	c.actor = actor
	if refusal != nil {
		c.refused(r, refusal.Code)
		return nil, &awsError{status: refusal.Status, code: refusal.Code, message: refusal.Message}
	}
	input, err := parse(body)
	if err != nil {
		return nil, err
	}
	out, err := run(r.Context(), c, input)
	var e *awsError
	if errors.As(err, &e) && e.code == errAccessDenied.code {
		c.refused(r, e.code)
	}
	return out, err
}

func (c *call) refused(r *http.Request, code string) {
	if c.Refused != nil {
		c.Refused(r, c.actor, c.service.name+":"+c.operation, code)
	}
}

// parse reads one JSON object; an empty body counts as an empty one.
func parse(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errSerialization
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errSerialization
	}
	return v, nil
}

// statusDelay is how long requests answer IN_PROGRESS.
func (a *API) statusDelay() time.Duration {
	if a.StatusDelay == 0 {
		return DefaultStatusDelay
	}
	return a.StatusDelay
}
