package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/cache"
	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/machine"
	"rolecall/internal/policy"
	"rolecall/internal/settings"
)

// withoutPolicy are the commands that run when the machine's policy cannot be used: they hand out nothing.
func withoutPolicy(cmd *cobra.Command) bool {
	return slices.Contains([]string{"rolecall version", "rolecall help", "rolecall doctor"}, cmd.CommandPath())
}

// administrators returns the machine's policy, without what the person adds to it. A command reads it once.
func (a *App) administrators() (policy.Policy, error) {
	if a.rules != nil {
		return *a.rules, nil
	}
	rules, err := a.readPolicy()
	if err == nil {
		a.rules = &rules
	}
	return rules, err
}

func (a *App) readPolicy() (policy.Policy, error) {
	if a.Machine == "" {
		return policy.Policy{}, nil
	}
	text, err := machine.Read(a.Machine, machine.Policy)
	if errors.Is(err, fs.ErrNotExist) {
		return policy.Policy{}, nil
	}
	var source policy.Source
	if err == nil {
		source, err = policy.Parse(filepath.Join(a.Machine, machine.Policy), text)
	}
	if err != nil {
		return policy.Policy{}, &HintError{
			Err: err, Code: ExitConfiguration, Facts: []string{"no other command runs until this machine's policy can be used"},
			Hint: "ask this machine's administrator to correct it",
		}
	}
	return policy.Combine(source)
}

// begin notes the command that has begun, and refuses it if the machine's policy cannot be used.
func (a *App) begin(cmd *cobra.Command, args []string) error {
	a.running, a.arguments = cmd, args
	if withoutPolicy(cmd) {
		return nil
	}
	_, err := a.administrators()
	return err
}

// policy returns the rules in force: the machine's, narrowed by [policy] of the person's config.toml.
func (a *App) policy() (policy.Policy, error) {
	own, err := a.settings()
	if err != nil {
		return policy.Policy{}, err
	}
	return a.narrowed(own)
}

func (a *App) narrowed(own settings.Settings) (policy.Policy, error) {
	rules, err := a.administrators()
	if err != nil {
		return rules, err
	}
	if rules, err = rules.With(own.Policy); err != nil {
		return rules, &HintError{Err: err, Code: ExitConfiguration, Hint: "correct " + a.Tidy(a.settingsFile())}
	}
	return rules, nil
}

// allow returns an error if the policy forbids what, which needs a permission.
func (a *App) allow(key, what string) error {
	rules, err := a.policy()
	if err != nil {
		return err
	}
	return rules.Allow(key, what)
}

// allowed reports the same for what is left out without a word.
func (a *App) allowed(key string) bool { return a.allow(key, "") == nil }

// allowSession returns an error if the policy forbids a session, or the endpoints that are in force for it.
func (a *App) allowSession(
	session identitycenter.SSOSession, in identitycenter.Endpoints, e endpoints, o options,
) error {
	rules, err := a.policy()
	if err != nil {
		return err
	}
	own := e.override == ""
	errs := []error{
		rules.AllowSession(session.Name), rules.AllowStartURL(session.StartURL), rules.AllowEndpoint(in.OIDC, own),
		rules.AllowEndpoint(in.Portal, own),
	}
	if e.sts != "" {
		errs = append(errs, rules.AllowEndpoint(e.sts, false))
	}
	if o.deviceCode {
		errs = append(errs, rules.Allow(policy.DeviceCode, "a sign-in with a device code"))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// allowPlaces returns an error if the policy forbids an address to listen at.
func (a *App) allowPlaces(places []string) error {
	for _, text := range places {
		address, err := netip.ParseAddrPort(text)
		if err == nil && !address.Addr().IsLoopback() {
			if err := a.allow(policy.BeyondLocal, "serve --listen "+text); err != nil {
				return err
			}
		}
	}
	return nil
}

// guardedByPolicy returns own with the policy's guards, which the person cannot take away.
func (a *App) guardedByPolicy(own settings.Settings) (settings.Settings, error) {
	rules, err := a.narrowed(own)
	if err != nil {
		return own, err
	}
	own.Accounts = append(own.Accounts, guardsOf(rules)...)
	return own, nil
}

// guardsOf returns a policy's guards as settings of accounts.
func guardsOf(rules policy.Policy) []settings.Account {
	var guards []settings.Account
	for _, g := range rules.Guards() {
		guards = append(guards, settingsOf(g.Pattern)...)
	}
	return guards
}

// settingsOf returns an entry of guarded, ACCOUNT or ACCOUNT/ROLE, as a setting.
func settingsOf(pattern string) []settings.Account {
	if slash := strings.LastIndexByte(pattern, '/'); slash >= 0 {
		return []settings.Account{{Match: pattern[:slash], GuardedRoles: []string{pattern[slash+1:]}}}
	}
	return []settings.Account{{Match: pattern, Guarded: true}}
}

// unconfirmed returns the rows that a policy guards, and that no --confirm names.
func (a *App) unconfirmed(rows []inventory.Row) ([]inventory.Row, error) {
	rules, err := a.policy()
	if err != nil {
		return nil, err
	}
	guards := guardsOf(rules)
	return slices.DeleteFunc(slices.Clone(rows), func(r inventory.Row) bool {
		known := []identitycenter.Account{{ID: r.ID, Name: r.Name}}
		account := inventory.Named(identitycenter.SSOSession{}, known).With(guards).Accounts[0]
		return !account.Guards(r.Role) || a.isConfirmed(*r.Account)
	}), nil
}

// limitCache makes a store forget keys that the policy calls too old. The person's own rules count as far as they can
// be read: who reads them next reports the rest.
func (a *App) limitCache(store *cache.Store) {
	rules, err := a.policy()
	if err != nil {
		rules, _ = a.administrators()
	}
	store.Longest = rules.LongestCached()
}

func (a *App) policyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "policy",
		Short: "Print the rules in force on this machine, and what they refuse",
		Long: fmt.Sprintf(`Print the rules in force on this machine, and what they refuse.

  rolecall config policy
  rolecall config policy --json

The machine's administrator sets them in %s. [policy] in your own config.toml can
only tighten them, and so can a .rolecall.toml that you trust, for its folder and below. A command
that a rule refuses exits with 7, and names the rule.`,
			filepath.Join(machine.Folder(), machine.Policy)),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.configPolicy() },
	}
}

func (a *App) configPolicy() error {
	rules, err := a.policy()
	if err != nil {
		return err
	}
	narrow, err := a.project()
	if err != nil {
		return err
	}
	all := rules.Rules()
	for _, n := range narrow {
		all = append(all, n.Rules()...)
	}
	if a.json {
		return a.printJSON(map[string]any{"rules": all})
	}
	t := &table{header: []string{"RULE", "REFUSES", "FROM"}}
	for _, r := range all {
		from := a.Tidy(r.File)
		if r.Line > 0 {
			from += ":" + strconv.Itoa(r.Line)
		}
		t.rows = append(t.rows, []string{r.Key + " = " + r.Value, r.Refuses, from})
	}
	if len(t.rows) == 0 {
		a.tell("no rules: neither %s nor [policy] in %s", filepath.Join(machine.Folder(), machine.Policy),
			a.Tidy(a.settingsFile()))
		return nil
	}
	return t.print(a.Stdout)
}
