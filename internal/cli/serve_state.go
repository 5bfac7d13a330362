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

// A serveState is what a running serve tells the person's other commands, in a file of handoutFolder. serve removes it
// at the end; after a crash the next command does.
type serveState struct {
	PID     int            `json:"pid"`
	Targets []servedTarget `json:"targets"`
	Listen  []string       `json:"listen,omitempty"` // of --listen
	Socket  string         `json:"socket,omitempty"`
	IMDS    string         `json:"imds,omitempty"`
	EnvFile string         `json:"envFile,omitempty"` // of --env-file
	// What controls the server is in the file only.
	Control string `json:"control,omitempty"`
	Token   string `json:"token,omitempty"`
}

// public returns what may be shown, with the ends of the keys at hand.
func (s serveState) public() serveState {
	s.Control, s.Token = "", ""
	s.Targets = slices.Clone(s.Targets)
	for i, t := range s.Targets {
		if t.keeper != nil {
			s.Targets[i].ExpiresAt = t.keeper.Until()
		}
	}
	return s
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

	keeper *handout.Keeper // in the process of serve
}

func (s serveState) find(name string) int {
	return slices.IndexFunc(s.Targets, func(t servedTarget) bool { return t.Target == name })
}

const stateName = "serve"

// save writes the state, once other commands can reach this one.
func (s *serving) save() error {
	if s.saved.Control == "" {
		return nil
	}
	data, err := json.Marshal(s.saved)
	if err != nil {
		return err
	}
	if s.state != nil {
		return s.state.Write(data)
	}
	if s.state, err = (filesystem.Files{}).Keep(s.app.handoutFolder(), stateName, data); err != nil {
		return notWritten("the state", err, "")
	}
	s.files = append(s.files, s.state)
	return nil
}

// openControl answers the person's other commands.
func (s *serving) openControl() error {
	server, err := loopback.Config{
		Handler: s.control(), Refused: s.stranger, Refuse: handout.Refuse, Limit: 2 * controlLimit,
	}.Listen(0)
	if err != nil {
		return notListening("the control port", err)
	}
	s.onClose(func() { _ = server.Close() })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved.PID, s.saved.Control = os.Getpid(), "http://"+server.Host
	return s.save()
}

// control answers requests with the control token.
func (s *serving) control() http.Handler {
	token := rand.Text() + rand.Text()
	s.saved.Token = token
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		state := s.saved.public()
		s.mu.Unlock()
		_ = terminal.WriteJSON(w, state, "")
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
		if !handout.FromProgram(r) || subtle.ConstantTimeCompare(given, []byte(token)) != 1 {
			handout.Refuse(w, "this address is for rolecall serve")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// addLater hands out one more target, in the region that the calling command has found. That command has retrieved the
// keys, so those of roles are in the cache; other tools are run again, which may take long.
func (s *serving) addLater(ctx context.Context, text, region string) (servedTarget, error) {
	fresh := &App{World: s.app.World, debug: s.app.debug, opened: s.app.opened} // the config files may have changed
	t, err := fresh.argument(targetFlags{region: region}, text)
	if err != nil {
		return servedTarget{}, err
	}
	given, err := fresh.givenTarget(ctx, t, options{unattended: true, stderr: s.stderr})
	if err != nil {
		return servedTarget{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handOut(given)
}

// errNoServe is for commands that talk to a running serve.
func errNoServe() error {
	return &HintError{Err: errors.New("serve is not running"), Code: ExitError, Hint: "rolecall serve TARGET"}
}

// runningServe returns the state of the running serve.
func (a *App) runningServe(ctx context.Context) (s serveState, err error) {
	if _, err := a.cache(); err != nil {
		return s, err
	}
	for _, path := range filesystem.KeptIn(a.handoutFolder(), stateName) {
		data, err := filesystem.Files{}.ReadSecret(path)
		var saved serveState
		if err != nil || json.Unmarshal(data, &saved) != nil {
			continue
		}
		quick, cancel := context.WithTimeout(ctx, statusLimit)
		err = a.askServe(quick, saved, http.MethodGet, "/status", &s)
		cancel()
		if err == nil {
			s.Control, s.Token = saved.Control, saved.Token
			return s, nil
		}
	}
	return s, errNoServe()
}

const (
	// statusLimit bounds a request that the running serve answers at once.
	statusLimit = 10 * time.Second
	// controlLimit bounds all others: serve may have to ask the portal, or another tool.
	controlLimit = processLimit + 10*time.Second
)

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
		return fmt.Errorf("serve answered %s", response.Status)
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
		until := "no keys; see the errors from serve"
		if !t.ExpiresAt.IsZero() {
			until = "until " + a.moment(t.ExpiresAt)
		}
		name := t.Target
		if whose := strings.Trim(t.AccountID+"/"+t.Role, "/"); whose != "" { // other tools do not say
			name += "  " + whose
		}
		fmt.Fprintf(&b, "target   %s  %s\n", a.Show(name), until)
	}
	show := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-7s  %s\n", name, a.Show(a.Tidy(value)))
		}
	}
	for _, address := range s.Listen {
		show("listen", address)
	}
	show("socket", s.Socket)
	show("imds", s.IMDS)
	show("envfile", s.EnvFile)
	return a.Result(b.String(), s.public())
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
	query := url.Values{"target": {given.e.Identity.Target}, "region": {given.e.Region}}.Encode()
	var added servedTarget
	if err := a.askServe(ctx, s, http.MethodPost, "/add?"+query, &added); err != nil {
		return err
	}
	if f.region != "" && added.Region != f.region {
		name := Quoted(added.Target)
		return &HintError{
			Err: fmt.Errorf("serve already hands out %s, in %s", added.Target, added.Region), Code: ExitError,
			Hint: "rolecall serve --stop, then: rolecall serve " + name + " --region " + Quoted(f.region),
		}
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
			return fmt.Errorf("serve did not stop: process %d", s.PID)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// sweepServe removes what a crashed serve left elsewhere: its socket and its --env-file.
func (a *App) sweepServe() {
	for _, path := range filesystem.KeptIn(a.handoutFolder(), stateName) {
		data, taken := filesystem.TakeAbandoned(path)
		var saved serveState
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

// isEnvFile reports whether any serve has written a file by --env-file.
func isEnvFile(data []byte) bool { return strings.HasPrefix(string(data), "# rolecall serve ") }

func dotenv(variables []export.Variable) ([]byte, error) {
	var b bytes.Buffer
	err := export.WriteVariables(&b, "dotenv", variables)
	return b.Bytes(), err
}
