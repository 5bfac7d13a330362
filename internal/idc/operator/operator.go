// Package operator is what the owner of an Identity Center can do, over a unix socket that nobody else can open, on
// Windows a named pipe: apply a seed file, export the directory, set passwords, read and verify the audit, back up,
// reload, play faults.
package operator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
)

// An API answers the operator's routes.
type API struct {
	Store store.Store
	Now   func() time.Time
	Cost  directory.Cost // of new password hashes
	// Reload reads the server's seed file again; nil: it has none.
	Reload func(context.Context) (plan string, err error)
	// Forget forgets the wrong passwords of a user; with an empty name, all that limits count. Nil: nothing is served.
	Forget func(userName string)
	// Refusals takes refused changes for the audit; nil: only changes that were made are recorded.
	Refusals *refusals.Book
	// Faults plays misbehaviour; nil if nothing is served.
	Faults Faults
	// Info returns what clients need to use the server, as JSON; nil if nothing is served.
	Info func(context.Context) (any, error)
}

// Faults is what the operator asks of the faults room.
type Faults interface {
	Playing() []string
	Play(specs []string) error
}

// maxBody bounds a seed file.
const maxBody = 32 << 20

// Handler lists the routes.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /info", a.info)
	mux.HandleFunc("GET /export", a.export)
	mux.HandleFunc("GET /roles", a.roles)
	mux.HandleFunc("POST /apply", a.apply)
	mux.HandleFunc("POST /password", a.password)
	mux.HandleFunc("POST /reset", a.reset)
	mux.HandleFunc("GET /audit", a.audit)
	mux.HandleFunc("GET /audit/verification", a.verify)
	mux.HandleFunc("POST /audit/acceptance", a.accept)
	mux.HandleFunc("POST /backup", a.backup)
	mux.HandleFunc("POST /reload", a.reload)
	mux.HandleFunc("GET /faults", a.faults)
	mux.HandleFunc("PUT /faults", a.faults)
	return a.recording(mux)
}

// recording records refused changes in the audit, and writes out waiting ones before somebody reads it. On a full disk
// they keep waiting, and the audit can still be read.
func (a *API) recording(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/audit") {
			_ = a.Refusals.Write(r.Context(), true)
		}
		seen := &statusWriter{w, http.StatusOK}
		next.ServeHTTP(seen, r)
		if r.Method != http.MethodGet && seen.status >= http.StatusBadRequest {
			a.Refusals.Note(refusals.Refusal{
				Actor: store.Operator, Action: "RefuseOperator", Target: r.Method + " " + r.URL.Path,
				Reason: http.StatusText(seen.status), Address: "the operator's socket",
			})
		}
	})
}

// A statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// An Answer is the body of every answer, except lists and exports.
type Answer struct {
	Error  string `json:"error,omitempty"`
	Plan   string `json:"plan,omitempty"`   // of apply and reload
	Events int64  `json:"events,omitempty"` // of verification
	Head   []byte `json:"head,omitempty"`
	// Findings are of verification and acceptance: what was changed outside the program.
	Findings []store.Finding `json:"findings,omitempty"`
	// Faults are those being played.
	Faults []string `json:"faults,omitempty"`
}

// answer writes an Answer. Errors have status 404 for what does not exist, otherwise 422.
func answer(w http.ResponseWriter, v Answer, err error) {
	status := http.StatusOK
	if err != nil {
		v.Error, status = err.Error(), http.StatusUnprocessableEntity
		if errors.Is(err, store.ErrNotFound) {
			status = http.StatusNotFound
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (a *API) info(w http.ResponseWriter, r *http.Request) {
	if a.Info == nil {
		answer(w, Answer{}, errors.New("no server is running"))
		return
	}
	info, err := a.Info(r.Context())
	if err != nil {
		answer(w, Answer{}, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(info)
}

func (a *API) export(w http.ResponseWriter, r *http.Request) {
	var text []byte
	err := a.Store.View(r.Context(), func(reader store.Reader) (err error) { text, err = seed.Export(reader); return err })
	if err != nil {
		answer(w, Answer{}, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(text)
}

// apply applies a seed file. The query has name= for error messages, prune=true, dry_run=true.
func (a *API) apply(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		answer(w, Answer{}, err)
		return
	}
	q := r.URL.Query()
	plan, err := a.load(r.Context(), q.Get("name"), text, q.Get("prune") == "true", q.Get("dry_run") == "true")
	answer(w, Answer{Plan: plan}, err)
}

func (a *API) load(ctx context.Context, name string, text []byte, prune, dry bool) (string, error) {
	o := seed.Options{Prune: prune, Cost: a.Cost}
	if !dry {
		plan, err := seed.Load(ctx, a.Store, name, text, o, store.Operator, a.Now())
		return plan.String(), err
	}
	file, err := seed.Parse(name, text)
	if err != nil {
		return "", err
	}
	var plan seed.Plan
	err = a.Store.View(ctx, func(r store.Reader) (err error) { plan, err = file.Plan(r, o); return err })
	return plan.String(), err
}

// password sets a user's password, signs the user out everywhere, and forgets wrong passwords.
func (a *API) password(w http.ResponseWriter, r *http.Request) {
	var in struct{ User, Password string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&in)
	if err == nil && in.Password == "" {
		err = errors.New("the password is empty")
	}
	if err != nil {
		answer(w, Answer{}, err)
		return
	}
	hash := directory.HashPassword(in.Password, a.Cost)
	err = a.Store.Update(r.Context(), func(tx store.Tx) error {
		user, err := directory.Users().Find(tx, directory.NameKey(in.User))
		if err != nil {
			return err
		}
		user.Password, user.Updated = hash, a.Now()
		return errors.Join(directory.PutUser(tx, user), directory.EndSessions(tx, user.ID),
			tx.Record(store.Event{Time: a.Now(), Actor: store.Operator, Action: "SetPassword", Target: "user:" + user.UserName}))
	})
	if err == nil {
		a.forget(in.User)
	}
	answer(w, Answer{}, err)
}

func (a *API) forget(userName string) {
	if a.Forget != nil {
		a.Forget(userName)
	}
}

// reset deletes the directory and all sessions, and forgets what limits count. The instance and the audit stay.
func (a *API) reset(w http.ResponseWriter, r *http.Request) {
	err := a.Store.Update(r.Context(), func(tx store.Tx) error {
		return errors.Join(directory.Reset(tx), tx.Record(store.Event{Time: a.Now(), Actor: store.Operator, Action: "Reset"}))
	})
	if err == nil {
		a.forget("")
	}
	answer(w, Answer{}, err)
}

// maxEvents bounds a page of the audit.
const maxEvents = 10_000

// audit lists events as lines of JSON. The query has after=, a sequence number, and limit=.
func (a *API) audit(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // empty is from the beginning
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	if limit < 1 || limit > maxEvents {
		limit = maxEvents
	}
	var events []store.Event
	err := a.Store.View(r.Context(), func(reader store.Reader) (err error) {
		events, err = reader.Events(after, limit)
		return err
	})
	if err != nil {
		answer(w, Answer{}, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	lines := json.NewEncoder(w)
	for _, e := range events {
		_ = lines.Encode(e)
	}
}

func (a *API) verify(w http.ResponseWriter, r *http.Request) {
	v, err := a.Store.Verify(r.Context())
	answer(w, Answer{Events: v.Events, Head: v.Head, Findings: v.Findings}, err)
}

// accept accepts everything as it is, and records what was found.
func (a *API) accept(w http.ResponseWriter, r *http.Request) {
	v, err := a.Store.Verify(r.Context())
	var found []string
	for _, f := range v.Findings {
		found = append(found, f.Message)
	}
	if err == nil {
		err = a.Store.Accept(r.Context(), store.Event{
			Time: a.Now(), Actor: store.Operator, Action: "AcceptStore", Details: strings.Join(found, "; "),
		})
	}
	answer(w, Answer{Events: v.Events, Head: v.Head, Findings: v.Findings}, err)
}

// backup copies the database to the query's path=, which must not exist.
func (a *API) backup(w http.ResponseWriter, r *http.Request) {
	answer(w, Answer{}, a.Store.Backup(r.Context(), r.URL.Query().Get("path")))
}

func (a *API) reload(w http.ResponseWriter, r *http.Request) {
	if a.Reload == nil {
		answer(w, Answer{}, errors.New("the server was started without a seed file"))
		return
	}
	plan, err := a.Reload(r.Context())
	answer(w, Answer{Plan: plan}, err)
}

// faults lists what is being played; PUT with a JSON list of specs replaces it.
func (a *API) faults(w http.ResponseWriter, r *http.Request) {
	if a.Faults == nil {
		answer(w, Answer{},
			errors.New("faults need a server that only this machine can reach, and no such server runs on this data directory"))
		return
	}
	var err error
	if r.Method == http.MethodPut {
		var specs []string
		if err = json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&specs); err == nil {
			err = a.Faults.Play(specs)
		}
	}
	answer(w, Answer{Faults: a.Faults.Playing()}, err)
}
