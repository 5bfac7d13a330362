package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
)

func (a *App) statusCommand() *cobra.Command {
	short := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show sessions and cached role credentials, without using the network",
		Long: `Show sessions and cached role credentials, without using the network.

  rolecall status
  rolecall status --json
  rolecall status --short    for prompts: payments-prod/Admin 43m, or nothing`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if short {
				a.printShort()
				return nil
			}
			return a.status(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&short, "short", false, "print this shell's credentials and how long they last, for a prompt")
	return cmd
}

// sessionStatus is what status prints about one session.
type sessionStatus struct {
	Session             string    `json:"session,omitempty"`
	StartURL            string    `json:"startUrl"`
	Region              string    `json:"region"`
	State               string    `json:"state"` // signed in, expired, none, unusable
	Problem             string    `json:"problem,omitempty"`
	ExpiresAt           time.Time `json:"expiresAt,omitzero"`
	Refreshable         bool      `json:"refreshable"`
	RegistrationExpires time.Time `json:"registrationExpiresAt,omitzero"`
	SignedInAt          time.Time `json:"signedInAt,omitzero"`
	Endpoint            string    `json:"endpoint,omitempty"`
	File                string    `json:"file"`
}

// roleStatus is what status prints about one file of role credentials.
type roleStatus struct {
	Session   string    `json:"session,omitempty"`
	StartURL  string    `json:"startUrl,omitempty"`
	AccountID string    `json:"accountId,omitempty"`
	Role      string    `json:"roleName,omitempty"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	Problem   string    `json:"problem,omitempty"`
	File      string    `json:"file"`
}

func (a *App) status(ctx context.Context) error {
	store, err := a.cache()
	if err != nil {
		return err
	}
	profiles, err := a.allSessions()
	if err != nil {
		return err
	}
	sessions := []sessionStatus{}
	for _, p := range profiles {
		sessions = append(sessions, a.sessionStatus(ctx, store, p.Session))
	}
	cached, err := store.CachedRoles()
	if err != nil {
		return err
	}
	roles := []roleStatus{}
	for _, r := range a.nameRoles(cached) {
		status := roleStatus{
			Session: r.Session, StartURL: r.StartURL, AccountID: r.AccountID, Role: r.Role,
			ExpiresAt: r.Credentials.Expiration, File: r.Path,
		}
		if r.Err != nil {
			status.Problem = r.Err.Error()
		}
		roles = append(roles, status)
	}
	if a.json {
		storage, err := a.storageStatus(ctx, false)
		if err != nil {
			return err
		}
		return a.printJSON(map[string]any{"sessions": sessions, "roleCredentials": roles, "storage": storage})
	}
	return a.printStatus(sessions, roles)
}

func (a *App) sessionStatus(ctx context.Context, store *cache.Store, s identitycenter.SSOSession) sessionStatus {
	status := sessionStatus{
		Session: s.Name, StartURL: s.StartURL, Region: knownRegion(ctx, store, s), File: store.AccessTokenPath(s),
	}
	token, err := store.Token(ctx, s)
	note := store.SessionNote(s)
	switch {
	case errors.Is(err, cache.ErrNotFound):
		status.State = "none"
		return status
	case err != nil:
		status.State, status.Problem = "unusable", err.Error()
	case token.ExpiresAt.After(a.Now()):
		status.State = "signed in"
	default:
		status.State = "expired"
	}
	status.ExpiresAt, status.Refreshable = token.ExpiresAt, token.Refreshable(a.Now())
	status.RegistrationExpires = token.Registration.ExpiresAt
	if note.ClientID != "" && note.ClientID == token.Registration.ClientID {
		status.SignedInAt, status.Endpoint = note.Login, note.OIDC
	}
	if note.Refused(token) {
		status.Refreshable = false
		status.Problem = fmt.Sprintf("refresh refused at %s (%s)",
			note.RefusedAt.Local().Format("2006-01-02 15:04"), note.Refusal)
	}
	return status
}

func (a *App) printStatus(sessions []sessionStatus, roles []roleStatus) error {
	w := tabwriter.NewWriter(a.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "SESSION\tSTATE\tTOKEN UNTIL\tREFRESH\tREGISTRATION UNTIL\tREGION")
	for _, s := range sessions {
		label := cmp.Or(s.Session, s.StartURL)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", a.Show(label), s.State, a.moment(s.ExpiresAt),
			yesNo(s.Refreshable), a.moment(s.RegistrationExpires), a.Show(s.Region))
		if s.Problem != "" {
			fmt.Fprintf(w, "  %s\n", a.Show(s.Problem))
		}
	}
	if len(sessions) == 0 {
		fmt.Fprintln(w, "(no session is configured)")
	}
	fmt.Fprintln(w, "\nROLE CREDENTIALS\tROLE\tUNTIL\tSESSION")
	for _, r := range roles {
		switch {
		case r.Problem != "":
			fmt.Fprintf(w, "(%s)\n", a.Show(r.Problem))
		case r.Role == "":
			fmt.Fprintf(w, "(of another tool)\t\t%s\t\n", a.moment(r.ExpiresAt))
		default:
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n",
				a.Show(r.AccountID), a.Show(r.Role), a.moment(r.ExpiresAt), a.Show(cmp.Or(r.Session, r.StartURL)))
		}
	}
	if len(roles) == 0 {
		fmt.Fprintln(w, "(none cached)")
	}
	mode, _ := a.storageMode()
	fmt.Fprintf(w, "\nstorage %s\n", a.Show(a.storageLine(mode)))
	return w.Flush()
}

// allSessions returns a nameless profile for each session in the config files: the
// sso-sessions, then the start URLs of legacy profiles, each once. It warns about broken
// sections, and skips them.
func (a *App) allSessions() ([]awsconfig.Profile, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	var sessions []awsconfig.Profile
	for _, name := range config.SessionNames() {
		p, err := a.sessionProfile(config, name)
		if err != nil {
			a.warn(err)
			continue
		}
		sessions = append(sessions, p)
	}
	seen := map[string]bool{}
	for _, name := range config.ProfileNames() {
		p, err := config.Profile(name)
		if err != nil || p.Chain != nil || p.Session.Name != "" || p.Session.StartURL == "" || seen[p.Session.StartURL] {
			continue
		}
		seen[p.Session.StartURL] = true
		sessions = append(sessions, p)
	}
	return sessions, nil
}

// nameRoles adds session, account and role to the files that other tools wrote for a
// configured profile: their names are hashes of these.
func (a *App) nameRoles(roles []cache.CachedRole) []cache.CachedRole {
	byPath := map[string]awsconfig.Profile{}
	if config, err := a.config(); err == nil {
		if store, err := a.cache(); err == nil {
			for _, name := range config.ProfileNames() {
				if p, err := config.Profile(name); err == nil && p.Chain == nil && p.Session.StartURL != "" {
					byPath[store.RolePath(p.Session, p.AccountID, p.RoleName)] = p
				}
			}
		}
	}
	for i, r := range roles {
		if p, ok := byPath[r.Path]; ok && r.Role == "" {
			roles[i].Session, roles[i].StartURL = p.Session.Name, p.Session.StartURL
			roles[i].AccountID, roles[i].Role = p.AccountID, p.RoleName
		}
	}
	return roles
}
