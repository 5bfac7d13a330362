package local

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rolecall/internal/cli"
	"rolecall/internal/filesystem"
	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/gate"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/operator"
	"rolecall/internal/idc/proxy"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
	"rolecall/internal/identitycenter"
)

// serveOptions are the flags of idc serve.
type serveOptions struct {
	port                  int
	data, seed, region    string
	session               time.Duration
	faults                []string
	portalLimit, noLimits bool
	listen, publicURL     string
	// device keeps device sign-ins on beyond this machine.
	device, deviceSameAddress bool
	certificate, key          string
	onFreePort                string // the same command, for a free port
	unannounced               bool   // other commands need not find it
}

// A localIDC is an embedded Identity Center that serves.
type localIDC struct {
	URL    string
	Server *idc.Server
	Sample seed.SampleData
	data   *idc.Data
	plan   string // the changes of the seed file
	reach  string // who can reach it
	// showKeys: the administrator's keys were never printed.
	showKeys bool
	// files is the folder of the models for older AWS CLIs, the CA and the operator's socket:
	// the data directory, or a temporary one.
	files  string
	remove func() error // of a temporary one
	faults *faults.Player

	gate  *gate.Gate
	http  *http.Server
	proxy *proxy.Proxy
	stop  context.CancelFunc // of the operator's socket and the housekeeping
	// withdraw, unless nil, takes back what says where the server is.
	withdraw func() error
	stopped  chan error // both send
}

// connections bounds the concurrent connections. They are timed by the real clock, as all that the system does.
func connections() gate.Options {
	return gate.Options{Most: 1024, Reserve: 128, PerPeer: 64, Now: time.Now}
}

// modelsFolder is the folder in files with the models for older AWS CLIs.
const modelsFolder = "models"

// startIDC starts to serve.
func (a *app) startIDC(ctx context.Context, o serveOptions) (l *localIDC, err error) {
	player, err := a.playFaults(o)
	if err != nil {
		return nil, err
	}
	listener, secured, err := o.open()
	if err != nil {
		return nil, err
	}
	l = &localIDC{
		URL: "http://" + listener.Addr().String(), reach: o.reach(listener.Addr()), stopped: make(chan error, 2),
		faults: player, gate: gate.New(listener, connections()),
	}
	if o.publicURL != "" {
		l.URL = o.publicURL
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, listener.Close(), l.close())
			l = nil
		}
	}()
	if err := a.openIDC(ctx, l, o); err != nil {
		return l, err
	}
	if err := a.buildIDC(l, o, o.device || o.onlyHere(listener.Addr())); err != nil {
		return l, err
	}
	if l.showKeys, err = l.keysToShow(ctx); err != nil {
		return l, err
	}
	l.http = &http.Server{
		Handler: l, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.Logger(a.Stderr).Handler(), slog.LevelDebug),
	}
	l.gate.Attach(l.http)
	listener = l.gate
	if secured != nil {
		listener = tls.NewListener(l.gate, secured)
	}
	go func() { _ = l.http.Serve(listener) }()
	return l, l.serveOperator(ctx, a, o)
}

// open listens: on loopback, or beyond it with TLS.
func (o *serveOptions) open() (net.Listener, *tls.Config, error) {
	if o.listen != "" {
		return o.openBeyond()
	}
	if o.certificate != "" || o.key != "" || o.publicURL != "" {
		return nil, nil, cli.Usagef("--tls-cert, --tls-key and --public-url need --listen")
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, nil, &cli.HintError{
			Err:  fmt.Errorf("port %d on 127.0.0.1 is in use", o.port),
			Code: cli.ExitError, Hint: o.onFreePort,
		}
	}
	return listener, nil, err
}

// onlyHere reports whether only this machine can reach a server that listens at address. If it has a public URL, a
// proxy may be in front of it.
func (o serveOptions) onlyHere(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	public, err := url.Parse(o.publicURL)
	return ok && tcp.IP.IsLoopback() && err == nil && (o.publicURL == "" || identitycenter.IsLoopback(public.Hostname()))
}

// reach says who can reach a server that listens at address.
func (o serveOptions) reach(address net.Addr) string {
	if o.onlyHere(address) {
		return "on this machine only"
	}
	return "REACHABLE FROM OTHER MACHINES"
}

// openBeyond listens where other machines can reach it, with TLS only.
func (o *serveOptions) openBeyond() (net.Listener, *tls.Config, error) {
	if o.certificate == "" || o.key == "" {
		return nil, nil, cli.Usagef(
			"--listen needs TLS: --tls-cert, --tls-key and --public-url")
	}
	if len(o.faults) > 0 {
		return nil, nil, cli.Usagef("faults are played only on this machine: leave out --listen")
	}
	u, err := url.Parse(o.publicURL)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.TrimRight(u.Path, "/") != "" {
		return nil, nil, cli.Usagef("--public-url %q must look like https://sso.example.com:9911", o.publicURL)
	}
	o.publicURL = origin(u)
	pair, err := tls.LoadX509KeyPair(o.certificate, o.key)
	if err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", o.listen)
	return listener, &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	}, err
}

// openIDC opens the data directory, or a store in memory with the sample, and applies the seed
// file.
func (a *app) openIDC(ctx context.Context, l *localIDC, o serveOptions) (err error) {
	switch {
	case o.session != 0 && (o.session < minSession || o.session > maxSession):
		return cli.Usagef("--session-duration %s is not between 15m and 2160h", o.session)
	case o.data != "":
		l.data, err = openData(o.data)
	case o.seed != "":
		l.data, err = idc.EmptyMemory()
	default:
		l.data, l.Sample, err = idc.InMemory(ctx, cmp.Or(o.region, idc.DefaultRegion), directory.DefaultCost(), a.Now())
	}
	if err != nil {
		return err
	}
	err = l.data.Store.Update(ctx, func(tx store.Tx) error { return a.settle(tx, o) })
	if err != nil || o.seed == "" {
		return err
	}
	l.plan, err = a.applySeed(ctx, l.data.Store, o.seed)
	return err
}

// settle applies the flags to the instance.
func (a *app) settle(tx store.Tx, o serveOptions) error {
	i, err := directory.Open(tx, cmp.Or(o.region, idc.DefaultRegion), a.Now())
	if err != nil {
		return err
	}
	if o.region != "" && o.region != i.Region {
		return &cli.HintError{
			Err:  fmt.Errorf("this directory is in region %s, which cannot be changed", i.Region),
			Code: cli.ExitConfiguration, Hint: "rolecall idc serve --data OTHER-DIR --region " + o.region,
		}
	}
	if o.session == 0 {
		return nil
	}
	i.SessionLife = o.session
	return directory.Instances().Put(tx, i)
}

// seedHint is for people whose seed file has an error.
const seedHint = "docs/seed.md describes seed files; rolecall idc sample prints one"

// maxSeed bounds a seed file: one of 100,000 accounts has 30 MiB.
const maxSeed = 64 << 20

func (a *app) applySeed(ctx context.Context, s store.Store, path string) (string, error) {
	text, err := filesystem.Read(path, maxSeed)
	if err != nil {
		return "", err
	}
	plan, err := seed.Load(ctx, s, path, text, seed.Options{Cost: directory.DefaultCost()}, store.Operator, a.Now())
	if err != nil {
		return "", &cli.HintError{Err: err, Code: cli.ExitConfiguration, Hint: seedHint}
	}
	return plan.String(), nil
}

func openData(dir string) (*idc.Data, error) {
	d, err := idc.OpenData(dir)
	if errors.Is(err, idc.ErrInUse) {
		return nil, &cli.HintError{
			Err: err, Code: cli.ExitError, Hint: "stop the other server, or use another --data directory",
		}
	}
	return d, err
}

// buildIDC builds the server, with device sign-ins or without, and writes the files that its clients need.
func (a *app) buildIDC(l *localIDC, o serveOptions, device bool) (err error) {
	l.files = l.data.Dir
	if l.files == "" {
		if l.files, l.remove, err = temporaryFolder(a.Now()); err != nil {
			return err
		}
	}
	if l.files, err = filepath.Abs(l.files); err != nil {
		return err
	}
	if err := idc.WriteRuleSets(filepath.Join(l.files, modelsFolder), l.URL); err != nil {
		return err
	}
	l.Server, err = idc.New(idc.Options{
		URL: l.URL, Store: l.data.Store, Secret: l.data.Secret, Now: a.Now, Log: a.Logger(a.Stderr),
		PortalLimit: o.portalLimit, OIDC: oidc.Options{NoLimits: o.noLimits, NoDevice: !device},
		DeviceSameAddress: o.deviceSameAddress,
		Files:             l.files, Around: l.faults.Handler,
	})
	if err != nil {
		return err
	}
	ca, _, err := proxy.OpenCA(l.files, a.Now)
	if err == nil {
		l.faults.Authority = ca
		l.proxy = proxy.New(ca, l.Server, l.faults.TLS, l.gate.Attach)
	}
	return err
}

// keysToShow reports whether the administrator's keys have never been shown, and notes that
// they are now.
func (l *localIDC) keysToShow(ctx context.Context) (show bool, err error) {
	err = l.data.Store.Update(ctx, func(tx store.Tx) error {
		i, err := directory.TheInstance(tx)
		if show = !i.KeysShown; err != nil || !show {
			return err
		}
		i.KeysShown = true
		return directory.Instances().Put(tx, i)
	})
	return show, err
}

// ServeHTTP passes CONNECT to the proxy, and other requests to the server.
func (l *localIDC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		l.proxy.ServeHTTP(w, r)
		return
	}
	l.Server.ServeHTTP(w, r)
}

// serveOperator opens the operator's socket, and begins the housekeeping.
func (l *localIDC) serveOperator(ctx context.Context, a *app, o serveOptions) error {
	listener, err := operator.Listen(l.files)
	if err != nil {
		return err
	}
	api := &operator.API{
		Store: l.data.Store, Now: a.Now, Cost: directory.DefaultCost(), Forget: l.Server.ForgetGuesses,
		Refusals: l.Server.Refusals,
		Info:     func(ctx context.Context) (any, error) { return l.Server.Info(ctx) },
	}
	if o.listen == "" {
		api.Faults = l.faults
	}
	if o.seed != "" {
		api.Reload = func(ctx context.Context) (string, error) { return a.applySeed(ctx, l.data.Store, o.seed) }
	}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() { l.stopped <- api.Serve(ctx, listener) }()
	go func() { l.Server.Housekeep(ctx); l.stopped <- nil }()
	if folder := a.announcements(); folder != "" && !o.unannounced {
		l.withdraw, err = operator.Announce(folder, l.URL, listener.Addr().String())
	}
	if err != nil {
		a.Warn(fmt.Errorf("other commands can find this server only with --data: %w", err))
	}
	return nil
}

// close stops serving. What was accepted gets three seconds to be answered.
func (l *localIDC) close() error { return l.closeWithin(3 * time.Second) }

// closeWithin is close with another time for what was accepted.
func (l *localIDC) closeWithin(grace time.Duration) error {
	var err error
	if l.withdraw != nil { // while the port is ours: the next server may announce itself there
		err = l.withdraw()
	}
	if l.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		l.gate.Drain(ctx)
		if err := l.http.Shutdown(ctx); err != nil {
			_ = l.http.Close() // cut off the rest
		}
	}
	if l.proxy != nil {
		err = errors.Join(err, l.proxy.Close())
	}
	if l.stop != nil {
		l.stop()
		err = errors.Join(err, <-l.stopped, <-l.stopped)
	}
	if l.data != nil {
		err = errors.Join(err, l.data.Close())
	}
	if l.remove != nil {
		err = errors.Join(err, l.remove())
	}
	return err
}
