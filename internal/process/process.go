// Package process answers a plain credential_process call from the cache of role credentials, for both programs, and
// records in the audit log that the keys leave. It leaves everything unusual, errors included, to the command line, and
// links nothing that takes time to start.
package process

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rolecall/internal/audit"
	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/machine"
)

// Cached returns the keys that a call with these arguments asks for, if the call is plain and the cached keys are good
// for a while. program is the name of the one that was called.
func Cached(program string, args []string) (identitycenter.RoleCredentials, bool) {
	var none identitycenter.RoleCredentials
	flags, ok := awsconfig.ProcessFlags(args)
	home, err := os.UserHomeDir()
	if !ok || err != nil || !filepath.IsAbs(home) { // rolecall looks into the user database
		return none, false
	}
	mode, plain := settings(home)
	if machine.Exists() || !plain { // which the command line reads
		return none, false
	}
	config, err := awsconfig.Open(awsconfig.Locate(os.Getenv, home))
	if err != nil {
		return none, false
	}
	profile, ok := target(config, flags)
	if !ok || config.Expected(profile.Name) != (awsconfig.Expectation{}) {
		return none, false
	}
	store := cache.Store{Home: home, State: cache.StateFolder(os.Getenv, home), Mode: mode, Now: time.Now}
	if store.Check() != nil || store.IsDue(context.Background(), profile.Session) { // the command line has it renewed
		return none, false
	}
	note := store.SessionNote(profile.Session)
	c, good := store.GoodRoleOf(profile.Session, note, profile.AccountID, profile.RoleName)
	if !good {
		return none, false
	}
	log := audit.Log{Dir: audit.Folder(store.State), Now: time.Now}
	_, _ = log.Append(audit.Record{ // a loss is in the next record; an SDK shows no warnings
		How: "process", Command: program, PersonKey: note.PersonKey(),
		Session: profile.Session.Label(), Account: profile.AccountID, Role: profile.RoleName, Profile: profile.Name,
		KeyID: c.AccessKeyID, Expires: c.Expiration, Parent: audit.Parent(),
	})
	return c, true
}

// settings reads what matters here in the person's config.toml: where role credentials lie. plain is false if it may
// have rules about keys that leave, or about their records.
func settings(home string) (mode cache.Mode, plain bool) {
	text, err := filesystem.Read(cache.SettingsFile(os.Getenv, home), maxSettings)
	if errors.Is(err, fs.ErrNotExist) {
		return cache.Shared, true
	}
	if err != nil || bytes.Contains(text, []byte("expect_")) {
		return mode, false
	}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		line = bytes.TrimLeft(line, " \t[\"'")
		value, isStorage := bytes.CutPrefix(line, []byte("storage"))
		switch {
		case bytes.HasPrefix(line, []byte("policy")), bytes.HasPrefix(line, []byte("audit")):
			return mode, false
		case !isStorage:
		case bytes.Contains(value, []byte(cache.Private)):
			mode = cache.Private
		}
	}
	return mode, true
}

// maxSettings bounds config.toml here: it is written by hand.
const maxSettings = 4 << 20

func target(config *awsconfig.Config, flags map[string]string) (awsconfig.Profile, bool) {
	if flags["session"] != "" && flags["account"] != "" && flags["role"] != "" && flags["profile"] == "" {
		session, err := config.Session(flags["session"])
		return awsconfig.Profile{Session: session, AccountID: flags["account"], RoleName: flags["role"]}, err == nil
	}
	if flags["session"] != "" || flags["account"] != "" || flags["role"] != "" {
		return awsconfig.Profile{}, false
	}
	name := flags["profile"]
	if name == "" {
		name = awsconfig.DefaultProfile(os.Getenv)
	}
	profile, err := config.Profile(name)
	return profile, err == nil && profile.Chain == nil && profile.RequireRole() == nil
}
