package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/export"
	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
)

func (a *App) idcCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "idc",
		Short: "A local IAM Identity Center for trying out, tests and demonstrations",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.idcServeCommand())
	return cmd
}

// defaultIDCPort is where idc serve listens when no port is given, so that
// configuration written once stays right.
const defaultIDCPort = 9911

func (a *App) idcServeCommand() *cobra.Command {
	var port int
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a local Identity Center with sample users on 127.0.0.1 until interrupted",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.idcServe(cmd.Context(), port) },
	}
	cmd.Flags().IntVar(&port, "port", defaultIDCPort, "port on 127.0.0.1; 0 takes a free one")
	return cmd
}

// A localIDC is an embedded Identity Center that serves on loopback.
type localIDC struct {
	URL      string
	Server   *idc.Server
	Sample   directory.SampleData
	rulesDir string
	http     *http.Server
}

// startIDC begins to serve; the rule sets for older AWS CLIs are in a folder of
// their own until close.
func (a *App) startIDC(port int) (*localIDC, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &hintError{error: fmt.Errorf("port %d on 127.0.0.1 is in use", port), code: exitError, hint: "rolecall idc serve --port 0"}
	}
	if err != nil {
		return nil, err
	}
	l := &localIDC{URL: "http://" + listener.Addr().String()}
	store, sample, err := directory.Sample()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	l.Sample = sample
	if l.Server, err = idc.New(idc.Options{URL: l.URL, Directory: store, Now: a.Now, Log: a.logger()}); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if l.rulesDir, err = os.MkdirTemp("", "rolecall-idc-"); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if err := idc.WriteRuleSets(l.rulesDir, l.URL); err != nil {
		return nil, errors.Join(err, listener.Close(), os.RemoveAll(l.rulesDir))
	}
	l.http = &http.Server{
		Handler: l.Server, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	go func() { _ = l.http.Serve(listener) }()
	return l, nil
}

// close stops serving: requests under way get a few seconds.
func (l *localIDC) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return errors.Join(l.http.Shutdown(ctx), os.RemoveAll(l.rulesDir))
}

// environ are the variables that make clients use it.
func (l *localIDC) environ() []string {
	return append(idc.Environment(l.URL), "AWS_DATA_PATH="+l.rulesDir)
}

// configText is an sso-session section and a profile for each of the first
// user's roles.
func (l *localIDC) configText(session string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[sso-session %s]\nsso_start_url = %s/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n", session, l.URL)
	return b.String()
}

func (a *App) idcServe(ctx context.Context, port int) error {
	l, err := a.startIDC(port)
	if err != nil {
		return err
	}
	if err := a.printIDC(a.Stdout, l); err != nil {
		return errors.Join(err, l.close())
	}
	<-ctx.Done()
	return l.close()
}

// printIDC says all that is needed to use it; the last line is for scripts that
// wait for it.
func (a *App) printIDC(w io.Writer, l *localIDC) error {
	var b strings.Builder
	fmt.Fprintf(&b, "A local IAM Identity Center, in memory, on this machine only: %s/start\n\nUsers:\n", l.URL)
	for _, u := range l.Sample.Users {
		fmt.Fprintf(&b, "  %-8s password %-22s %s\n", u.Name, u.Password, u.Note)
	}
	fmt.Fprintf(&b, "\nIn ~/.aws/config:\n\n%s\n", indent(l.configText("local")))
	fmt.Fprintf(&b, "In the shell:\n\n")
	for _, entry := range l.environ() {
		name, value, _ := strings.Cut(entry, "=")
		quotedValue, err := export.QuoteSh(value)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "  export %s=%s\n", name, quotedValue)
	}
	fmt.Fprintf(&b, "\n(AWS_DATA_PATH is for AWS CLIs older than 2.13, which know no endpoint variables.)\n")
	fmt.Fprintf(&b, "Then:  rolecall login local,  or  aws sso login --sso-session local\n\nready %s\n", l.URL)
	_, err := io.WriteString(w, b.String())
	return err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
