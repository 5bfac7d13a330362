package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"rolecall/internal/cache"
	"rolecall/internal/filesystem"
	"rolecall/internal/login"
	"rolecall/internal/policy"
	"rolecall/internal/settings"
	"rolecall/internal/vault"
)

// modeOf returns a mode of the settings as the cache knows it.
func modeOf(text string) cache.Mode {
	if text == "shared" {
		return cache.Shared
	}
	return cache.Mode(text)
}

// storageMode returns where sign-ins lie, and what says so: the stronger of the settings and the policy.
func (a *App) storageMode() (mode, from string) {
	own, err := a.settings()
	if err == nil && own.Storage != "" {
		mode, from = own.Storage, a.Tidy(a.settingsFile())
		if given, err := a.machineDefaults(); err == nil && given.Storage == own.Storage {
			from = a.defaultsFile()
		}
	}
	rules, err := a.policy()
	if err != nil { // who reads the settings next reports the rest
		rules, _ = a.administrators()
	}
	if stronger := policy.Stronger(mode, rules.Storage()); stronger != mode {
		mode, from = stronger, "the policy"
	}
	return cmp.Or(mode, "shared"), from
}

// storeBy makes a store keep sign-ins as the settings and the policy say.
func (a *App) storeBy(store *cache.Store) {
	mode, _ := a.storageMode()
	store.Mode, store.Vault = modeOf(mode), a.vault(options{unattended: true})
}

// vault returns what encrypts. Its person is the one that may sign in.
func (a *App) vault(o options) *vault.Vault {
	state := cache.StateFolder(a.Getenv, a.Home)
	v := &vault.Vault{
		Dir: filepath.Join(state, "vault"), Locks: filepath.Join(state, "locks"), Getenv: a.Getenv, Opened: a.opened,
		Now: a.Now,
	}
	if a.opened == nil {
		v.Opened = &vault.Opened{}
	}
	if !o.unattended && a.Terminal {
		v.Person = vaultPerson{a}
	}
	return v
}

// vaultPerson is the person at the terminal.
type vaultPerson struct{ app *App }

func (p vaultPerson) AskSecret(ctx context.Context, question string) (string, error) {
	return p.app.AskSecret(ctx, question)
}

func (p vaultPerson) Tell(line string) { p.app.note("%s", line) }

// explainSealed explains a key that cannot be had, if nothing else has explained it.
func (a *App) explainSealed(err error, r *report) {
	var e *vault.UnavailableError
	if r.Code != ExitError || !errors.As(err, &e) {
		return
	}
	r.Code, r.Hint = ExitUnavailable, "rolecall doctor"
	switch {
	case e.Kind == vault.NoPerson:
		r.Code, r.Hint = ExitLogin, e.Advice(a.Getenv)
	case e.Backend == vault.Passphrase:
		r.Code, r.Hint = ExitConfiguration, "check the passphrase, and "+vault.PassphraseFile
	default:
		r.Facts = append(r.Facts, e.Advice(a.Getenv))
	}
}

func (a *App) storageCommand() *cobra.Command {
	var f storageFlags
	cmd := &cobra.Command{
		Use:   "storage [shared|split|private]",
		Short: "Show where sign-in secrets are stored, or move them",
		Long: `Show where sign-in secrets are stored, or move them without a new sign-in.

  rolecall storage
  rolecall storage split
  rolecall storage split --passphrase    without a keyring

shared    everything in the AWS CLI's files: every tool can renew the sign-in
split     the access token, valid for an hour, stays there for the AWS CLI and the SDKs; the
          refresh token and the client secret are encrypted in a file that only rolecall reads,
          and only rolecall renews the access token
private   nothing in other tools' files: they get keys only from rolecall

The encryption key is in your system's keyring, or derived from a passphrase; processes without a
terminal read the passphrase from the file that $ROLECALL_PASSPHRASE_FILE names. The mode is saved as
storage in config.toml.`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: policy.Storages(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.showStorage(cmd.Context())
			}
			return a.moveStorage(cmd.Context(), args[0], f)
		},
	}
	cmd.Flags().BoolVar(&f.passphrase, "passphrase", false, "encrypt with a new passphrase")
	cmd.Flags().BoolVar(&f.keyring, "keyring", false, "encrypt with a new key in the keyring")
	return cmd
}

type storageFlags struct{ passphrase, keyring bool }

// moveStorage changes the mode. The key comes first, for without it nothing is moved; then the setting, so that every
// other process keeps new tokens as wanted; then the sessions. After a crash the rest is moved as it is used.
func (a *App) moveStorage(ctx context.Context, mode string, f storageFlags) error {
	if f.passphrase && f.keyring || mode == "shared" && (f.passphrase || f.keyring) {
		return Usagef("--passphrase, --keyring and storage shared cannot be used together")
	}
	rules, err := a.policy()
	if err == nil {
		err = rules.AllowStorage(mode)
	}
	if err != nil {
		return err
	}
	v := a.vault(options{})
	if err := a.makeKey(ctx, v, mode, f); err != nil {
		return err
	}
	if err := a.saveStorage(ctx, mode); err != nil {
		return err
	}
	moved, err := a.moveSessions(ctx, v)
	if err != nil {
		return err
	}
	store, err := a.cache()
	if err != nil {
		return err
	}
	if mode != "shared" {
		err = store.RemoveRegistrations()
	}
	err = errors.Join(err, store.RemoveOtherRoles(), v.Prune(ctx, mode != "shared", store.SealedKeys))
	if err != nil {
		return err
	}
	a.note("storage is now %s; sign-ins moved: %d", mode, moved)
	return nil
}

// makeKey makes sure that there is a key of the wanted kind.
func (a *App) makeKey(ctx context.Context, v *vault.Vault, mode string, f storageFlags) (err error) {
	switch {
	case mode == "shared":
		return nil
	case f.passphrase:
		_, err = v.Create(ctx, vault.Passphrase)
	case f.keyring && v.Backend() != vault.Keyring:
		_, err = v.Create(ctx, vault.Keyring)
	default:
		_, err = v.Ready(ctx)
	}
	unavailable := (*vault.UnavailableError)(nil)
	if errors.As(err, &unavailable) && unavailable.Backend == vault.Keyring {
		return &HintError{
			Err: fmt.Errorf("nothing was moved: %w", err), Code: ExitUnavailable,
			Facts: []string{unavailable.Advice(a.Getenv)}, Hint: "rolecall storage " + mode + " --passphrase",
		}
	}
	return err
}

// saveStorage writes the mode into config.toml.
func (a *App) saveStorage(ctx context.Context, mode string) error {
	file := a.settingsFile()
	_, err := a.EditConfig(ctx, file, func(s filesystem.Shared) ([]byte, error) {
		text, err := settings.WithStorage(s.Data, mode)
		if string(text) == string(s.Data) {
			text = nil
		}
		return text, err
	})
	if errors.Is(err, settings.ErrNotEdited) {
		return &HintError{
			Err: fmt.Errorf("%s: %w", a.Tidy(file), err), Code: ExitConfiguration,
			Hint: fmt.Sprintf("write storage = %q in it, above its first section", mode),
		}
	}
	a.own = nil // to be read again
	return err
}

// moveSessions moves the token of each session in the config files.
func (a *App) moveSessions(ctx context.Context, v *vault.Vault) (moved int, err error) {
	profiles, err := a.allSessions()
	if err != nil {
		return 0, err
	}
	var failures []error
	for _, p := range profiles {
		store, err := a.cache()
		if err != nil {
			return moved, err
		}
		store.Vault = v
		session := p.Session
		session.Region = knownRegion(ctx, store, session)
		l := &login.Login{Session: session, Store: store, Warn: a.warn, Now: a.Now}
		switch err := l.Move(ctx); {
		case err == nil:
			moved++
		case !errors.Is(err, cache.ErrNotFound):
			failures = append(failures, fmt.Errorf("%s was not moved: %w", quotedLabel(session), err))
		}
	}
	return moved, errors.Join(failures...)
}

// pruneKeys removes keys of encrypted sign-ins that are of no use any more. That a passphrase is wanted stays noted.
func (a *App) pruneKeys(ctx context.Context) {
	store, err := a.cache()
	v := a.vault(options{unattended: true})
	if err == nil && v.Current() != "" {
		err = v.Prune(ctx, v.Backend() == vault.Passphrase, store.SealedKeys)
	}
	if err != nil {
		a.warn(fmt.Errorf("could not remove the key of the encrypted sign-ins: %w", err))
	}
}
