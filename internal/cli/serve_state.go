package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"rolecall/internal/export"
	"rolecall/internal/filesystem"
	"rolecall/internal/handout"
	"rolecall/internal/loopback"
	"rolecall/internal/terminal"
)

// A serveState is what a running serve writes for other commands of the person: a file of handoutFolder that is
// removed with it, or after a crash by the next command.
type serveState struct {
	PID     int            `json:"pid"`
	Targets []servedTarget `json:"targets"`
	Socket  string         `json:"socket,omitempty"`
	IMDS    string         `json:"imds,omitempty"`
	EnvFile string         `json:"envFile,omitempty"` // of --env-file
	Control string         `json:"-"`
	Token   string         `json:"-"`
}

// savedState is a serveState in the file: with what controls the server.
type savedState struct {
	serveState
	Control string `json:"control"`
	Token   string `json:"token"`
}

// A servedTarget is one target, as other commands need it.
type servedTarget struct {
	Target    string    `json:"target"`
	AccountID string    `json:"accountId"`
	Role      string    `json:"role"`
	Region    string    `json:"region"`
	URI       string    `json:"uri"`
	TokenFile string    `json:"tokenFile"`
	EnvFile   string    `json:"envFile"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"` // of the keys at hand
}

func (s serveState) find(name string) int {
	return slices.IndexFunc(s.Targets, func(t servedTarget) bool { return t.Target == name })
}

const stateName = "serve"

// save writes the state, once there is a server that answers others.
func (s *serving) save() error {
	if s.saved.Control == "" {
		return nil
	}
	data, err := json.Marshal(savedState{s.saved, s.saved.Control, s.saved.Token})
	if err != nil {
		return err
	}
	if s.state != nil {
		return s.state.Write(data)
	}
	if s.state, err = (filesystem.Files{}).Keep(s.app.handoutFolder(), stateName, data); err != nil {
		return notWritten("the state", err)
	}
	s.files = append(s.files, s.state)
	return nil
}

// openControl answers the person's other commands.
func (s *serving) openControl() error {
	server, err := loopback.Config{Handler: s.control(), Refused: s.stranger, Refuse: handout.Refuse}.Listen(0)
	if err != nil {
		return notListening("the control port", err)
	}
	s.onClose(func() { _ = server.Close() })
	s.saved.PID, s.saved.Control, s.saved.Token = os.Getpid(), "http://"+server.Host, rand.Text()+rand.Text()
	return s.save()
}

// control answers requests with the control token, one at a time.
func (s *serving) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		for i, t := range s.endpoint.Targets() {
			s.saved.Targets[i].ExpiresAt = t.Keeper.Until()
		}
		_ = terminal.WriteJSON(w, s.saved, "")
	})
	mux.HandleFunc("POST /add", func(w http.ResponseWriter, r *http.Request) {
		t, err := s.addLater(r.Context(), r.URL.Query().Get("target"), r.URL.Query().Get("region"))
		if err != nil {
			w.WriteHeader(http.StatusConflict)
			_ = terminal.WriteJSON(w, s.app.explain(r.Context(), err), "")
			return
		}
		_ = terminal.WriteJSON(w, t, "")
	})
	mux.HandleFunc("POST /stop", func(http.ResponseWriter, *http.Request) { s.stop() })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := []byte(r.Header.Get("Authorization"))
		if !handout.FromProgram(r) || subtle.ConstantTimeCompare(given, []byte(s.saved.Token)) != 1 {
			handout.Refuse(w, "this address is for rolecall serve")
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

// addLater hands out one more target. Who asks for it has retrieved its keys, so they are in the cache.
func (s *serving) addLater(ctx context.Context, text, region string) (servedTarget, error) {
	fresh := &App{World: s.app.World, debug: s.app.debug} // the config files may have changed
	t, err := fresh.argument(targetFlags{region: region}, text)
	if err != nil {
		return servedTarget{}, err
	}
	given, err := fresh.givenTarget(ctx, t, options{unattended: true, stderr: s.stderr})
	if err != nil {
		return servedTarget{}, err
	}
	return s.handOut(given)
}

// errNoServe is for commands that talk to a running serve.
func errNoServe() error {
	return &HintError{Err: errors.New("serve does not run"), Code: ExitError, Hint: "rolecall serve TARGET"}
}

// runningServe returns the state of the running serve.
func (a *App) runningServe(ctx context.Context) (s serveState, err error) {
	if _, err := a.cache(); err != nil {
		return s, err
	}
	for _, path := range filesystem.KeptIn(a.handoutFolder(), stateName) {
		data, err := filesystem.Files{}.ReadSecret(path)
		var saved savedState
		if err != nil || json.Unmarshal(data, &saved) != nil {
			continue
		}
		s.Control, s.Token = saved.Control, saved.Token
		if a.askServe(ctx, s, http.MethodGet, "/status", &s) == nil {
			return s, nil
		}
	}
	return s, errNoServe()
}

// controlLimit bounds a request to the running serve, which may have to ask the portal.
const controlLimit = 30 * time.Second

// askServe asks the running serve.
func (a *App) askServe(ctx context.Context, s serveState, method, path string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, controlLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, s.Control+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", s.Token)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, filesystem.MaxSecretFile))
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusConflict {
		var failed report
		if err := json.Unmarshal(data, &failed); err != nil {
			return err
		}
		return &HintError{Err: errors.New(failed.Message), Code: failed.Code, Facts: failed.Facts, Hint: failed.Hint}
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("serve answers %s", response.Status)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(data, answer)
}

func (a *App) serveStatus(ctx context.Context) error {
	s, err := a.runningServe(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "process  %d\n", s.PID)
	for _, t := range s.Targets {
		until := "no keys; see the errors of serve"
		if !t.ExpiresAt.IsZero() {
			until = "until " + a.moment(t.ExpiresAt)
		}
		fmt.Fprintf(&b, "target   %s  %s/%s  %s\n", a.Show(t.Target), t.AccountID, a.Show(t.Role), until)
	}
	for name, value := range map[string]string{"socket": s.Socket, "imds": s.IMDS} {
		if value != "" {
			fmt.Fprintf(&b, "%-7s  %s\n", name, a.Show(a.Tidy(value)))
		}
	}
	return a.Result(b.String(), s)
}

// serveAdd retrieves the keys first: a person may have to sign in.
func (a *App) serveAdd(ctx context.Context, f serveFlags) error {
	s, err := a.runningServe(ctx)
	if err != nil {
		return err
	}
	t, err := a.argument(targetFlags{region: f.region}, f.add)
	if err != nil {
		return err
	}
	given, err := a.givenTarget(ctx, t, options{})
	if err != nil {
		return err
	}
	query := url.Values{"target": {given.e.Identity.Target}, "region": {f.region}}.Encode()
	var added servedTarget
	if err := a.askServe(ctx, s, http.MethodPost, "/add?"+query, &added); err != nil {
		return err
	}
	return a.Result("serving "+a.Show(added.Target), added)
}

// stopLimit bounds how long --stop waits for the end.
const stopLimit = 10 * time.Second

func (a *App) serveStop(ctx context.Context) error {
	s, err := a.runningServe(ctx)
	if err != nil {
		return err
	}
	if err := a.askServe(ctx, s, http.MethodPost, "/stop", nil); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for end := time.Now().Add(stopLimit); len(filesystem.KeptIn(a.handoutFolder(), stateName)) > 0; {
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("serve did not end: process %d", s.PID)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// sweepServe removes what a serve that crashed has left elsewhere: its socket and its --env-file.
func (a *App) sweepServe() {
	for _, path := range filesystem.KeptIn(a.handoutFolder(), stateName) {
		data, taken := filesystem.TakeAbandoned(path)
		var saved savedState
		if !taken || json.Unmarshal(data, &saved) != nil {
			continue
		}
		removeEnvFile(saved.EnvFile, saved.PID)
		if info, err := os.Lstat(saved.Socket); err == nil && info.Mode().Type() == os.ModeSocket && !answers(saved.Socket) {
			_ = os.Remove(saved.Socket)
		}
	}
}

// removeEnvFile removes the file of --env-file, if it is still that of this process.
func removeEnvFile(path string, pid int) {
	if data, err := filesystem.Read(path, filesystem.MaxSecretFile); path != "" && err == nil &&
		bytes.HasPrefix(data, []byte(envFileMark(pid))) {
		_ = os.Remove(path)
	}
}

// isEnvFile reports whether a file was written by --env-file, perhaps of another process.
func isEnvFile(data []byte) bool { return strings.HasPrefix(string(data), "# rolecall serve ") }

func dotenv(variables []export.Variable) ([]byte, error) {
	var b bytes.Buffer
	err := export.WriteVariables(&b, "dotenv", variables)
	return b.Bytes(), err
}
