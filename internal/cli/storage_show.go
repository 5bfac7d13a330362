package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"rolecall/internal/cache"
	"rolecall/internal/doctor"
	"rolecall/internal/identitycenter"
	"rolecall/internal/vault"
)

// storageStatus is what storage prints, and status with --json.
type storageStatus struct {
	Mode            string          `json:"mode"`
	From            string          `json:"from,omitempty"`
	Key             string          `json:"key,omitempty"` // keyring or passphrase; empty before there is one
	Problem         string          `json:"keyProblem,omitempty"`
	RoleCredentials string          `json:"roleCredentials"`
	Sessions        []sessionPlaces `json:"sessions"`
}

// sessionPlaces says where a session's secrets lie; empty: it has none.
type sessionPlaces struct {
	Session      string `json:"session,omitempty"`
	StartURL     string `json:"startUrl"`
	AccessToken  string `json:"accessToken,omitempty"`
	RefreshToken string `json:"refreshToken,omitempty"`
	Encrypted    bool   `json:"refreshTokenEncrypted"`
}

// storageStatus looks where the secrets lie. The keyring is asked for its state if asks.
func (a *App) storageStatus(ctx context.Context, asks bool) (storageStatus, error) {
	store, err := a.cache()
	if err != nil {
		return storageStatus{}, err
	}
	s := storageStatus{Sessions: []sessionPlaces{}}
	s.Mode, s.From = a.storageMode()
	v := a.vault(options{unattended: true})
	s.Key = v.Backend()
	s.RoleCredentials = filepath.Dir(store.RolePath(identitycenter.SSOSession{}, "", ""))
	if asks && (s.Key == vault.Keyring || s.Key == "" && s.Mode != "shared") {
		if err := v.State(ctx); err != nil {
			s.Problem = err.Error()
			if unavailable := (*vault.UnavailableError)(nil); errors.As(err, &unavailable) {
				s.Problem += "; " + unavailable.Advice(a.Getenv)
			}
		}
	}
	profiles, err := a.allSessions()
	if err != nil {
		return s, err
	}
	for _, p := range profiles {
		session := p.Session
		session.Region = knownRegion(ctx, store, session)
		s.Sessions = append(s.Sessions, placesOf(ctx, store, session))
	}
	return s, nil
}

func placesOf(ctx context.Context, store *cache.Store, session identitycenter.SSOSession) sessionPlaces {
	places := sessionPlaces{Session: session.Name, StartURL: session.StartURL}
	token, err := store.Token(ctx, session)
	if err != nil {
		return places
	}
	places.Encrypted = token.Sealed != ""
	if !token.AccessToken.IsZero() {
		places.AccessToken = store.TokenPath(session)
	} else if !token.ExpiresAt.IsZero() {
		places.AccessToken = store.SealedPath(session)
	}
	switch {
	case token.Renews:
		places.RefreshToken = store.SealedPath(session)
	case !token.RefreshToken.IsZero():
		places.RefreshToken = store.TokenPath(session)
	}
	return places
}

func (a *App) showStorage(ctx context.Context) error {
	s, err := a.storageStatus(ctx, true)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(s)
	}
	from := ""
	if s.From != "" {
		from = " (from " + s.From + ")"
	}
	rows := [][2]string{{"mode", s.Mode + from}, {"role keys", a.Tidy(s.RoleCredentials)}}
	switch {
	case s.Problem != "":
		rows = append(rows, [2]string{"key", cmp.Or(s.Key, "none yet") + ": " + s.Problem})
	case s.Key != "" || s.Mode != "shared":
		rows = append(rows, [2]string{"key", cmp.Or(s.Key, "none yet: made at the first sign-in")})
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(a.Stdout, "%-10s %s\n", row[0], a.Show(row[1])); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.Stdout)
	t := &table{header: []string{"SESSION", "ACCESS TOKEN", "REFRESH TOKEN, CLIENT SECRET"}}
	for _, p := range s.Sessions {
		refresh := a.Tidy(p.RefreshToken)
		if p.Encrypted && refresh != "" {
			refresh += " (encrypted)"
		}
		t.rows = append(t.rows, []string{
			cmp.Or(p.Session, p.StartURL), cmp.Or(a.Tidy(p.AccessToken), "-"), cmp.Or(refresh, "-"),
		})
	}
	if len(t.rows) == 0 {
		_, err := fmt.Fprintln(a.Stdout, "(no session is configured)")
		return err
	}
	return t.print(a.Stdout)
}

// storageLine says in a line where the secrets of sign-ins lie.
func (a *App) storageLine(mode string) string {
	v := a.vault(options{unattended: true})
	place := a.Tidy(filepath.Join(a.StateFolder(), "vault"))
	key := "no key yet"
	switch v.Backend() {
	case vault.Keyring:
		key = "key in the keyring"
	case vault.Passphrase:
		key = "key from a passphrase"
	}
	switch mode {
	case "split":
		return fmt.Sprintf("split: access tokens in ~/.aws/sso/cache, refresh tokens encrypted in %s, %s", place, key)
	case "private":
		return fmt.Sprintf("private: tokens encrypted in %s, %s", place, key)
	}
	return "shared: all tokens in ~/.aws/sso/cache"
}

// examineStorage looks whether the key of the encrypted sign-ins can be had. Nobody is asked.
func (a *App) examineStorage(ctx context.Context, m *doctor.Machine) {
	m.Storage, _ = a.storageMode()
	v := a.vault(options{unattended: true})
	if v.Backend() != vault.Keyring && (m.Storage == "shared" || v.Backend() == vault.Passphrase) {
		return
	}
	m.Keyring = v.State(ctx)
	if unavailable := (*vault.UnavailableError)(nil); errors.As(m.Keyring, &unavailable) {
		m.KeyringAdvice = unavailable.Advice(a.Getenv)
	}
}
