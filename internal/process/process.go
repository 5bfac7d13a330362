// Package process answers a plain credential_process call from the cache of role credentials, for both programs. It
// leaves everything unusual, errors included, to the command line, and links nothing that takes time to start.
package process

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/machine"
)

// Cached returns the keys that a call with these arguments asks for, if the call is plain and the cached keys are good
// for a while.
func Cached(args []string) (identitycenter.RoleCredentials, bool) {
	var none identitycenter.RoleCredentials
	flags, ok := awsconfig.ProcessFlags(args)
	home, err := os.UserHomeDir()
	if !ok || err != nil || !filepath.IsAbs(home) { // rolecall looks into the user database
		return none, false
	}
	if machine.Exists() || hasRules(home) { // which the command line reads
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
	store := cache.Store{Home: home, State: cache.StateFolder(os.Getenv, home), Now: time.Now}
	if store.Check() != nil {
		return none, false
	}
	return store.GoodRole(profile.Session, profile.AccountID, profile.RoleName)
}

// hasRules reports whether the person's config.toml may say what keys are for.
func hasRules(home string) bool {
	text, err := filesystem.Read(cache.SettingsFile(os.Getenv, home), maxSettings)
	return !errors.Is(err, fs.ErrNotExist) &&
		(err != nil || bytes.Contains(text, []byte("policy")) || bytes.Contains(text, []byte("expect_")))
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
