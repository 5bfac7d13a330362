//go:build linux

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/proxy"
	"rolecall/internal/idc/seed"
)

// A world is an Identity Center on loopback, and a home folder that uses it.
type world struct {
	url, home, rules string
	data             *idc.Data
	lost             []*idc.Data
	sample           seed.SampleData

	mu     sync.Mutex
	server *idc.Server
	http   *http.Server
	proxy  *proxy.Proxy // nil: none
	lives  oidc.Options
	faults *faults.Player

	variables []string // of the commands, beside the usual ones
	// asked counts requests for role credentials.
	asked atomic.Int64
}

// newWorld starts an Identity Center whose lifetimes are those of lives, and
// writes the config file of a person who uses it.
func newWorld(home string, lives oidc.Options) (*world, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &world{
		url: "http://" + listener.Addr().String(), home: home, rules: filepath.Join(home, "rules"), lives: lives,
		faults: faults.New(time.Now),
	}
	if w.data, w.sample, err = idctest.Sample(); err != nil {
		return nil, err
	}
	if err := w.restart(); err != nil {
		return nil, err
	}
	if err := idc.WriteRuleSets(w.rules, w.url); err != nil {
		return nil, err
	}
	w.http = &http.Server{Handler: w}
	go func() { _ = w.http.Serve(listener) }()
	config := filepath.Join(home, ".aws", "config")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		return nil, err
	}
	return w, os.WriteFile(config, []byte(w.configText()), 0o600)
}

// restart loses all that is not in the store.
func (w *world) restart() error {
	server, err := idc.New(idc.Options{
		URL: w.url, Store: w.data.Store, Secret: w.data.Secret, OIDC: w.lives,
		Around: w.faults.Handler,
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = server
	return err
}

// close ends the server, and closes its stores.
func (w *world) close() {
	_ = w.http.Close()
	if w.proxy != nil {
		_ = w.proxy.Close()
	}
	for _, data := range append(w.lost, w.data) {
		_ = data.Close()
	}
}

// lose restarts with another store, as if the data directory were gone.
func (w *world) lose() (err error) {
	w.lost = append(w.lost, w.data)
	if w.data, w.sample, err = idctest.Sample(); err != nil {
		return err
	}
	return w.restart()
}

func (w *world) configText() string {
	return fmt.Sprintf(`# the person's own comment
[sso-session corp]
sso_start_url = %[1]s/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
region = us-east-1

[profile audit]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = ReadOnly
region = eu-west-1

[profile deploy]
role_arn = %[2]s
source_profile = dev
external_id = %[3]s
role_session_name = release
region = us-east-1

[profile legacy]
sso_start_url = %[1]s/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = ReadOnly
region = us-east-1
`, w.url, w.sample.ChainRole, w.sample.ExternalID)
}

// environ is a person's environment in this world: only PATH of the real one, and no way out.
func (w *world) environ() []string {
	return append(append(idc.Environment(w.url, w.rules), w.variables...),
		"PATH="+os.Getenv("PATH"), "HOME="+w.home, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=127.0.0.1,localhost", "TZ=UTC", "BROWSER=true",
		"GOCOVERDIR="+os.Getenv("GOCOVERDIR"))
}

// ServeHTTP sends CONNECT to the proxy, if there is one, and all else to the server.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	p := w.proxy
	w.mu.Unlock()
	if r.Method == http.MethodConnect && p != nil {
		p.ServeHTTP(rw, r)
		return
	}
	if r.URL.Path == "/federation/credentials" {
		w.asked.Add(1)
	}
	w.current().ServeHTTP(rw, r)
}

// awsStartURL is the start URL that newer AWS CLIs accept.
func (w *world) awsStartURL() string { return w.current().Instance.StartURL() }

// withProxy serves AWS's own host names, and returns the environment for it.
func (w *world) withProxy() ([]string, error) {
	ca, path, err := proxy.OpenCA(w.home, time.Now)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.proxy == nil {
		w.faults.Authority = ca
		w.proxy = proxy.New(ca,
			http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.current().ServeHTTP(rw, r) }), w.faults.TLS, nil)
	}
	return append(idc.ProxyEnvironment(w.url, path), "PATH="+os.Getenv("PATH"), "HOME="+w.home, "TZ=UTC", "BROWSER=true",
		"GOCOVERDIR="+os.Getenv("GOCOVERDIR")), nil
}

// current returns the server that answers now.
func (w *world) current() *idc.Server {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.server
}

// editToken changes the text of the session's token file. Its name is the hash of
// corp.
func (w *world) editToken(edit func(string) string) error {
	path := filepath.Join(w.home, ".aws", "sso", "cache", "ee0bfd2552fbd840c02cc48b6e823320543c450f.json")
	return editFile(path, edit)
}

func editFile(path string, edit func(string) string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(edit(string(text))), 0o600)
}

// endIn returns an edit that sets the moment under key to so far from now.
func endIn(key string, d time.Duration) func(string) string {
	return func(text string) string {
		start := strings.Index(text, strconv.Quote(key)+`: "`)
		if start < 0 {
			return text
		}
		start += len(strconv.Quote(key) + `: "`)
		end := start + strings.IndexByte(text[start:], '"')
		return text[:start] + time.Now().Add(d).UTC().Format("2006-01-02T15:04:05Z") + text[end:]
	}
}
