//go:build linux

package e2e

// A playing is one of our commands, and the routes that it asks.
type playing struct {
	line   string
	routes string
	state  homeState
	writes bool // to the config, if it succeeds
}

// A homeState is what a command finds in its home.
type homeState int

const (
	signedIn homeState = iota
	expired            // the access token must be renewed first
	ownLogin           // signed in, with a session that nothing else uses: the command ends it
	noLogin            // a person at a terminal signs in
	noConfig           // the same, without an sso-session
)

// playings are the commands that ask servers. One command with a token that must be renewed covers all that need
// a token.
var playings = []playing{
	{line: "login corp", routes: "register+authorize+token", state: noLogin},
	{line: "login --device-code corp", routes: "register+device+token", state: noLogin},
	{
		line: "configure CENTER --session corp --yes --no-profiles", routes: "register+authorize+token", state: noConfig,
		writes: true,
	},
	{line: "login --fresh corp", routes: "logout+authorize+token", state: ownLogin},
	{line: "login --fresh --device-code corp", routes: "logout+device+token", state: ownLogin},
	{line: "logout corp", routes: "logout", state: ownLogin},
	{line: "env dev", routes: "credentials"},
	{line: "env deploy", routes: "credentials+sts"},
	{line: "exec dev -- true", routes: "credentials"},
	{line: "process --profile dev", routes: "credentials"},
	{line: "process --profile deploy", routes: "sts"},
	{line: "sso get-role-credentials --account-id 111122223333 --role-name Admin", routes: "credentials"},
	{line: "whoami dev", routes: "credentials+sts"},
	{line: "whoami 1111/Admin", routes: "accounts+credentials"},
	{line: "console --print dev", routes: "credentials+console"},
	{line: "ls", routes: "accounts+roles"},
	{line: "ls --refresh --json", routes: "accounts+roles"},
	{line: "sync corp --json", routes: "accounts+roles"},
	{line: "profiles plan corp", routes: "accounts+roles"},
	{line: "profiles apply corp", routes: "accounts+roles", writes: true},
	{line: "exec --match * --role Admin -- true", routes: "accounts+roles+credentials"},
	{line: "sso list-accounts", routes: "accounts"},
	{line: "sso list-account-roles --account-id 111122223333", routes: "roles"},
	{line: "env dev", routes: "refresh", state: expired},
	{line: "process --profile dev", routes: "refresh", state: expired},
	{line: "ls", routes: "refresh", state: expired},
	{line: "token --reveal corp", routes: "refresh", state: expired},
	{line: "sso list-accounts", routes: "refresh", state: expired},
	{line: "exec --match * --role Admin -- true", routes: "refresh", state: expired},
	{line: "status", routes: "all"},
	{line: "token corp", routes: "all"},
}

// coveredElsewhere are faults that wait for long: TestStalledServers plays them at every command, and everyFault
// asks for the thousand pages.
var coveredElsewhere = []string{
	"silence", "slow-headers", "slow-body", "hanging", "stalled", "slow-handshake", "many-accounts",
}

// patient are faults that listing commands wait out, up to a minute.
var patient = []string{"throttle", "retry-after"}

// otherwise are exit codes of commands that differ from those in the table of everyFault, by fault and route.
var otherwise = map[string]string{
	"accounts-change@accounts": "0 1 4", // the new accounts have no roles
	"no-roles@roles":           "0 4",   // whoever needs one has no access
	"no-roles@accounts":        "0 4",
	"role-name@roles":          "0 1 4", // none of them is the one to work with
	"secret-key@credentials":   "0 1 3", // STS refuses the keys
	"long-string@register":     "0 1",
	"lost-answer@token":        "0 3 5", // the code was spent on it
	"lost-answer@console":      "0 5",
	"slow-down@register":       "0 5",
	"slow-down@device":         "0 5",
	"slow-down@token":          "0 5", // only a device sign-in asks again
	"forbidden@register":       "3",
	"forbidden@device":         "3",
	"forbidden@token":          "3",
	"forbidden@refresh":        "3",
	"status@logout":            "0 5", // the new sign-in waits for the end of the old one
	"slow-down@refresh":        "0 5", // a refresh is not asked for again
}
