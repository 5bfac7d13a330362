package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"rolecall/internal/export"
	"rolecall/internal/filesystem"
	"rolecall/internal/handout"
	"rolecall/internal/loopback"
)

// A serving is a running serve.
type serving struct {
	*handedOut
	flags   serveFlags
	stop    context.CancelFunc
	files   keptFiles
	closing []func()
	base    string // http://127.0.0.1:PORT
	state   *filesystem.Kept

	mu     sync.Mutex // requests of openControl change what follows, and files
	saved  serveState
	closed bool
}

// serve hands out targets until ctx ends, or --stop.
func (a *App) serve(ctx context.Context, f serveFlags, args []string) error {
	if !signal.Ignored(syscall.SIGHUP) {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if _, err := a.cache(); err != nil { // this removes what a crash has left
		return err
	}
	lock, err := filesystem.Files{}.TryLock(filepath.Join(a.StateFolder(), "serve.lock"))
	if errors.Is(err, filesystem.ErrLocked) {
		return &HintError{
			Err: errors.New("serve is already running"), Code: ExitError, Hint: "rolecall serve --add " + Quoted(args[0]),
		}
	}
	if err != nil {
		return notWritten("the lock of serve", err, "")
	}
	defer lock.Unlock()
	s := &serving{handedOut: a.newHandedOut(), flags: f, stop: stop}
	defer s.close()
	if err := s.open(ctx, args); err != nil {
		return err
	}
	if err := s.sayReady(); err != nil {
		return err
	}
	<-ctx.Done() // the normal end
	return nil
}

// open retrieves the first keys, while a person may still be asked, then starts to listen.
func (s *serving) open(ctx context.Context, args []string) error {
	a := s.app
	var all []givenTarget
	for _, arg := range args {
		t, err := a.argument(targetFlags{region: s.flags.region}, arg)
		if err != nil {
			return err
		}
		given, err := a.givenTarget(ctx, t, options{})
		if err != nil {
			return err
		}
		all = append(all, given)
	}
	if s.flags.imds && all[0].e.Region == "" {
		return &HintError{
			Err:  fmt.Errorf("%s has no region, which the metadata service must report", all[0].e.Identity.Target),
			Code: ExitConfiguration, Hint: "set region in the profile, AWS_REGION, or --region",
		}
	}
	server, err := loopback.Config{
		Handler: s.endpoint, Hosts: handout.Forwarded, Refused: s.stranger, Refuse: handout.Refuse,
	}.Listen(s.flags.port)
	if err != nil {
		return notListening("--port", err)
	}
	s.onClose(func() { _ = server.Close() })
	s.base = "http://" + server.Host
	s.mu.Lock()
	for _, given := range all {
		if _, err = s.handOut(given); err != nil {
			break
		}
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	for _, way := range []func() error{s.openSocket, s.openAddresses, s.openIMDS, s.openControl} {
		if err := way(); err != nil {
			return err
		}
	}
	return nil
}

func (s *serving) onClose(f func()) { s.closing = append(s.closing, f) }

func (s *serving) close() {
	s.mu.Lock()
	s.closed = true // a late --add hands out nothing
	s.mu.Unlock()
	for i := len(s.closing) - 1; i >= 0; i-- {
		s.closing[i]()
	}
	s.endpoint.Close()
	s.files.close()
}

// A givenTarget is a target with its first keys.
type givenTarget struct {
	target
	prepare func(*handedOut) (*handout.Target, error)
	e       export.Environment
}

func (a *App) givenTarget(ctx context.Context, t target, o options) (givenTarget, error) {
	profile, keys, err := a.retrieve(ctx, t, o)
	if err != nil {
		return givenTarget{}, err
	}
	if o.unattended {
		profile.Region = cmp.Or(t.region, profile.Region)
	}
	account, err := a.accountOf(profile, keys)
	if err != nil {
		return givenTarget{}, err
	}
	e := a.environment(profile, keys, account)
	return givenTarget{t, func(h *handedOut) (*handout.Target, error) {
		return h.prepare(e.Identity.Target, profile, keys, account.ID, e.Identity.Role)
	}, e}, nil
}

// handOut writes a target's files, the token and the variables for containers, then starts handing it out. A target
// that is already handed out stays as it is. The caller holds s.mu.
func (s *serving) handOut(given givenTarget) (servedTarget, error) {
	if i := s.saved.find(given.e.Identity.Target); i >= 0 {
		return s.saved.Targets[i], nil
	}
	if s.closed {
		return servedTarget{}, errNoServe()
	}
	added, err := given.prepare(s.handedOut)
	if err != nil {
		return servedTarget{}, err
	}
	var files keptFiles
	t, err := s.write(given, added, &files)
	if err == nil {
		s.saved.Targets = append(s.saved.Targets, t)
		if err = s.save(); err != nil {
			s.saved.Targets = s.saved.Targets[:len(s.saved.Targets)-1]
		}
	}
	if err != nil {
		files.close()
		added.Keeper.Close()
		return servedTarget{}, err
	}
	s.files = append(s.files, files...)
	s.endpoint.Add(added)
	return t, nil
}

// write writes the files of a target.
func (s *serving) write(given givenTarget, added *handout.Target, files *keptFiles) (servedTarget, error) {
	t := servedTarget{
		Target: given.e.Identity.Target, AccountID: added.Account, Role: added.Role, Region: added.Region,
		URI: s.base + added.Path(), keeper: added.Keeper,
	}
	folder := s.app.handoutFolder()
	var err error
	if t.TokenFile, err = files.keep(folder, "token", []byte(added.Token().Reveal())); err != nil {
		return t, notWritten("the token", err, "")
	}
	text, err := s.envFile(given.e, t, added)
	if err != nil {
		return t, err
	}
	if t.EnvFile, err = files.keep(folder, "env", text); err != nil {
		return t, notWritten("the variables", err, "")
	}
	if s.flags.envFile != "" && len(s.saved.Targets) == 0 {
		t.EnvFile, err = s.writeEnvFile(text)
	}
	return t, err
}

// openSocket answers on a unix socket. The connecting process is checked as on 127.0.0.1.
func (s *serving) openSocket() error {
	if s.flags.socket == "" {
		return nil
	}
	path, err := filepath.Abs(s.flags.socket)
	if err != nil {
		return err
	}
	listener, err := listenSocket(path)
	if err != nil {
		return notListening("--socket", err)
	}
	s.saved.Socket = path
	server := loopback.Config{
		Handler: s.endpoint, Hosts: handout.Forwarded, Refuse: handout.Refuse,
		Check: func(net.Addr, net.Addr) error { return nil }, // the listener has done so
	}.Serve(ownSocket{listener, s.stranger})
	s.onClose(func() {
		_ = server.Close()
		_ = os.Remove(path)
	})
	return nil
}

// openAddresses answers beyond this machine's loopback, where it cannot tell who connects.
func (s *serving) openAddresses() error {
	for _, text := range s.flags.listen {
		address, err := netip.ParseAddrPort(text)
		if err != nil {
			return err
		}
		config := loopback.Config{Handler: s.endpoint, Hosts: isAddress, Refused: s.stranger, Refuse: handout.Refuse}
		if !address.Addr().IsLoopback() {
			config.Check = func(net.Addr, net.Addr) error { return nil }
			s.app.warn(fmt.Errorf("%s is open to other machines, unencrypted: anyone who reads the traffic has the keys", text))
		}
		listener, err := net.Listen("tcp", text)
		if err != nil {
			return notListening("--listen", err)
		}
		s.saved.Listen = append(s.saved.Listen, listener.Addr().String())
		server := config.Serve(listener)
		s.onClose(func() { _ = server.Close() })
	}
	return nil
}

// isAddress reports whether a Host is an IP address: a page can rebind any name, but no address.
func isAddress(host string) bool {
	if _, err := netip.ParseAddrPort(host); err == nil {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil || handout.Forwarded(host)
}

// openIMDS answers as EC2's metadata service. Its answers cannot leave this machine: their TTL is 1.
func (s *serving) openIMDS() error {
	if !s.flags.imds {
		return nil
	}
	imds := handout.NewIMDS(s.endpoint.Targets()[0], s.app.refusal, func(path string) {
		s.warn("the metadata service does not know", path)
	}, s.app.Now)
	server, err := loopback.Config{
		Handler: imds, Refused: s.stranger, Refuse: handout.Refuse, Control: oneHop,
	}.Listen(s.flags.imdsPort)
	if err != nil {
		return notListening("--imds-port", err)
	}
	s.saved.IMDS = "http://" + server.Host + "/"
	s.onClose(func() { _ = server.Close() })
	return nil
}

func notListening(flag string, err error) error {
	return &HintError{
		Err: fmt.Errorf("%s: %w", flag, err), Code: ExitError,
		Hint: "choose another one, or see what is running: rolecall serve --status",
	}
}

func (s *serving) sayReady() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := ""
	for _, t := range s.saved.Targets {
		text += "ready: " + s.app.Show(t.Target) + " at " + t.URI[:len(s.base)+1] + "…\n"
	}
	if s.saved.IMDS != "" {
		text += "ready: AWS_EC2_METADATA_SERVICE_ENDPOINT=" + s.saved.IMDS + "\n"
	}
	if err := s.app.Result(text, map[string]any{"ready": s.saved.public()}); err != nil {
		return err
	}
	s.app.tell(`for programs in another terminal: eval "$(rolecall serve --print env)"`)
	return nil
}

// envFileMark is the first line of --env-file, with the process id: no other file is replaced.
func envFileMark(pid int) string {
	return "# rolecall serve " + strconv.Itoa(pid) + ": removed when it ends\n"
}

// envFile returns the variables for a container, which cannot read a file with the token.
func (s *serving) envFile(e export.Environment, t servedTarget, added *handout.Target) ([]byte, error) {
	text, err := dotenv(export.EndpointVariables(e, []export.Variable{
		{Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: t.URI},
		{Name: "AWS_CONTAINER_AUTHORIZATION_TOKEN", Value: added.Token().Reveal()},
	}))
	return append([]byte(envFileMark(os.Getpid())), text...), err
}

func (s *serving) writeEnvFile(text []byte) (string, error) {
	path, err := filepath.Abs(s.flags.envFile)
	if err != nil {
		return "", err
	}
	if old, err := filesystem.Read(path, filesystem.MaxSecretFile); err == nil && isEnvFile(old) {
		_ = os.Remove(path)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = file.Write(text)
		if err = errors.Join(err, file.Close()); err != nil {
			err = errors.Join(err, os.Remove(path)) // it may hold a part of the token
		}
	}
	if err != nil {
		return "", &HintError{
			Err: fmt.Errorf("--env-file: %w", err), Code: ExitConfiguration, Hint: "choose a file that does not exist yet",
		}
	}
	s.saved.EnvFile = path
	s.onClose(func() { removeEnvFile(path, os.Getpid()) })
	return path, nil
}
