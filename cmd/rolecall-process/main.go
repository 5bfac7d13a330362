// Command rolecall-process answers a credential_process call from the cache of
// role credentials, and hands every other case to "rolecall process" beside it.
// It links neither the AWS SDK nor net/http, so that it starts in a millisecond:
// SDKs start it on every run of every tool.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
)

func main() {
	if c, ok := cached(os.Args[1:]); ok {
		if err := export.CredentialProcess(os.Stdout, c); err == nil {
			return
		}
	}
	os.Exit(handOver(os.Args[1:]))
}

// cached answers from the shared cache when the call is plain, and the keys are good for a while. Anything unusual,
// errors included, is left to rolecall.
func cached(args []string) (identitycenter.RoleCredentials, bool) {
	var none identitycenter.RoleCredentials
	flags, ok := parse(args)
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
	store := cache.Store{Home: home, Now: time.Now}
	return store.GoodRole(profile.Session, profile.AccountID, profile.RoleName)
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

// parse reads --name value and --name=value of the four flags; anything else is left to rolecall.
func parse(args []string) (map[string]string, bool) {
	flags := map[string]string{}
	for len(args) > 0 {
		name, value, joined := strings.Cut(strings.TrimPrefix(args[0], "--"), "=")
		if !strings.HasPrefix(args[0], "--") {
			return nil, false
		}
		args = args[1:]
		if !joined {
			if len(args) == 0 {
				return nil, false
			}
			value, args = args[0], args[1:]
		}
		switch name {
		case "profile", "session", "account", "role":
			flags[name] = value
		default:
			return nil, false
		}
	}
	return flags, true
}

// handOver runs "rolecall process" with the same arguments. It looks beside itself, never in PATH, where a rolecall
// could be anybody's.
func handOver(args []string) int {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "rolecall: rolecall-process does not know where it is: %v\n", err)
		return 1
	}
	name := "rolecall"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(filepath.Dir(self), name)
	code, err := become(path, append([]string{path, "process"}, args...))
	if err != nil {
		fmt.Fprintf(os.Stderr, "rolecall: %v\nrolecall: hint: install rolecall and rolecall-process side by side in %s\n",
			err, filepath.Dir(self))
	}
	return code
}
