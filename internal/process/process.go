// Package process answers a plain credential_process call from the cache of role credentials, for both programs, and
// records in the audit log that the keys leave. It
// leaves everything unusual, errors included, to the command line, and links nothing that takes time to start.
package process

import (
	"bytes"
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
	config, err := awsconfig.Open(awsconfig.Locate(os.Getenv, home))
	if err != nil {
		return none, false
	}
	profile, ok := target(config, flags)
	if !ok {
		return none, false
	}
	store := cache.Store{Home: home, State: cache.StateFolder(os.Getenv, home), Now: time.Now}
	if store.Check() != nil {
		return none, false
	}
	c, good := store.GoodRole(profile.Session, profile.AccountID, profile.RoleName)
	if !good || mentionsAudit(cache.SettingsFile(os.Getenv, home)) {
		return none, false
	}
	log := audit.Log{Dir: audit.Folder(store.State), Now: time.Now}
	_, _ = log.Append(audit.Record{ // a loss is in the next record; an SDK shows no warnings
		How: "process", Command: program, PersonKey: store.SessionNote(profile.Session).PersonKey(),
		Session: profile.Session.Label(), Account: profile.AccountID, Role: profile.RoleName, Profile: profile.Name,
		KeyID: c.AccessKeyID, Expires: c.Expiration, Parent: audit.Parent(),
	})
	return c, true
}

// mentionsAudit reports whether config.toml may have settings of the audit, which are for the command line to read.
func mentionsAudit(path string) bool {
	data, err := filesystem.Read(path, 4<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		if bytes.HasPrefix(bytes.TrimLeft(line, " \t[\"'"), []byte("audit")) {
			return true
		}
	}
	return err != nil
}

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
