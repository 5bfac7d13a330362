package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/cache"
	"rolecall/internal/login"
)

func (a *App) tokenCommand() *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   "token [SESSION|PROFILE]",
		Short: "Show where a session's access token is stored, and how long it is valid",
		Long: `Show where a session's access token is stored, and how long it is valid.

  rolecall token corp
  rolecall token corp --reveal            print the token itself (a secret)`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.token(cmd.Context(), firstArg(args), reveal)
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "print only the access token itself, renewed if necessary")
	return cmd
}

// tokenInfo is what token prints.
type tokenInfo struct {
	Session     string    `json:"session,omitempty"`
	StartURL    string    `json:"startUrl"`
	Region      string    `json:"region"`
	File        string    `json:"file"`
	Scopes      []string  `json:"scopes"`
	ExpiresAt   time.Time `json:"expiresAt,omitzero"`
	Refreshable bool      `json:"refreshable"`
	Endpoint    string    `json:"endpoint,omitempty"`
}

func (a *App) token(ctx context.Context, name string, reveal bool) error {
	s, err := a.sessionNamed(ctx, name, options{})
	if err != nil {
		return err
	}
	l := s.login
	if reveal {
		token, err := l.Token(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.Stdout, token.AccessToken.Reveal())
		return err
	}
	token, err := l.Store.Token(ctx, l.Session)
	if errors.Is(err, cache.ErrNotFound) {
		reason := "no token in " + l.Store.AccessTokenPath(l.Session)
		return &login.RequiredError{Session: l.Session, Reason: reason, Cause: err}
	}
	if err != nil {
		return err
	}
	info := tokenInfo{
		Session: l.Session.Name, StartURL: l.Session.StartURL, Region: l.Session.Region,
		File: l.Store.AccessTokenPath(l.Session), Scopes: l.Session.RegistrationScopes(),
		ExpiresAt: token.ExpiresAt, Refreshable: token.Refreshable(a.Now()),
	}
	if note := l.Store.SessionNote(l.Session); note.ClientID != "" && note.ClientID == token.Registration.ClientID {
		info.Endpoint = note.OIDC
	}
	if a.json {
		return a.printJSON(info)
	}
	return a.printToken(info)
}

func (a *App) printToken(t tokenInfo) error {
	rows := [][2]string{
		{"session", t.Session},
		{"start URL", t.StartURL},
		{"region", t.Region},
		{"file", a.Tidy(t.File)},
		{"scopes", strings.Join(t.Scopes, " ")},
		{"until", a.moment(t.ExpiresAt)},
		{"refreshable", yesNo(t.Refreshable)},
		{"issued by", t.Endpoint},
	}
	for _, row := range rows {
		if row[1] == "" {
			row[1] = "-"
		}
		if _, err := fmt.Fprintf(a.Stdout, "%-12s %s\n", row[0], a.Show(row[1])); err != nil {
			return err
		}
	}
	return nil
}
