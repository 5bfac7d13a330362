package cli

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"rolecall/internal/handout"
)

// forward passes connections of a container's network on to a serve outside, until ctx ends.
func (a *App) forward(ctx context.Context, f serveFlags) error {
	network, to, err := forwardTo(f.to)
	if err != nil {
		return err
	}
	addresses := f.listen
	if len(addresses) == 0 {
		if addresses, err = a.forwardFrom(network, to); err != nil {
			return err
		}
	}
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	for _, text := range addresses {
		address, err := netip.ParseAddrPort(text)
		if err != nil || !handout.Local(address.Addr()) {
			return Usagef("--listen %q is not an address that SDKs accept: 127.0.0.1:PORT, 169.254.170.2:80 or "+
				"[fd00:ec2::23]:80", text)
		}
		l, err := net.Listen("tcp", text)
		if err != nil {
			return &HintError{
				Err: fmt.Errorf("--listen: %w", err), Code: ExitError,
				Hint: "choose another port, or for 169.254.170.2: ip address add 169.254.170.2/32 dev lo",
			}
		}
		listeners = append(listeners, l)
	}
	text := ""
	for _, l := range listeners {
		text += "ready: " + l.Addr().String() + " leads to " + f.to + "\n"
	}
	if err := a.Result(text, map[string]any{"ready": addresses}); err != nil {
		return err
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{Timeout: handout.Patience}).DialContext(ctx, network, to)
	}
	said := &calm{to: a.Stderr, said: map[string]time.Time{}}
	failed := func(err error) { a.warnTo(said, fmt.Errorf("could not forward a connection: %w", err)) }
	var all sync.WaitGroup
	for _, l := range listeners {
		all.Go(func() { _ = handout.Forward(ctx, l, dial, failed) })
	}
	all.Wait()
	return nil
}

// forwardTo reads --to.
func forwardTo(text string) (network, address string, err error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok && path != "" {
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || port == "" {
		return "", "", Usagef("--to %q is neither unix:PATH nor HOST:PORT", text)
	}
	return "tcp", text, nil
}

// forwardFrom returns where the container's programs will ask: what its variables say, else the port outside.
func (a *App) forwardFrom(network, to string) ([]string, error) {
	full, err := url.Parse(a.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
	switch {
	case err == nil && full.Port() != "":
		return []string{full.Host}, nil
	case a.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "":
		return []string{"169.254.170.2:80"}, nil
	case network == "tcp":
		_, port, err := net.SplitHostPort(to)
		return []string{"127.0.0.1:" + port}, err
	}
	return nil, Usagef("pass --listen 127.0.0.1:PORT, with the port of serve")
}
