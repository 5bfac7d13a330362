package main

import "strings"

// A row of the table is a class of attacks or faults.
type row struct {
	id     string // what tests name
	attack string
	holds  string
	in     string // the packages of its tests
	tests  string // a pattern
}

// command repeats the row.
func (r row) command() string {
	if r.tests == "" {
		return "make " + r.in
	}
	tests := r.tests
	if strings.ContainsAny(tests, "|*") {
		tests = "'" + tests + "'"
	}
	return "go test " + r.in + " -run " + tests
}

// pattern matches the tests of all rows.
func pattern() string {
	var all []string
	for _, r := range table() {
		if r.tests != "" {
			all = append(all, r.tests)
		}
	}
	return "^Test(" + strings.Join(all, "|") + ")$"
}

func table() []row {
	const e2e = "./internal/e2e"
	return []row{
		{
			"processes", "50 and 200 processes that need a token at the same moment",
			"one refresh serves all; each gets its keys", e2e, "Processes",
		},
		{
			"killed", "`kill -9` at a random moment of a refresh, a sign-in, `profiles apply`, `sync`",
			"the next run works; no session is lost, no file is damaged or left behind", e2e, "Killed",
		},
		{
			"store", "`kill -9` of the local Identity Center after writes",
			"every acknowledged write is kept; the audit log verifies", e2e, "NoAcknowledgedWriteIsLost",
		},
		{
			"answers", "Hostile answers from a server",
			"the command ends in time with one line and the right exit code; session and files are intact", e2e, "Faults$",
		},
		{
			"names", "Hostile names in shells, config files, terminals, pages, JSON, TSV and labels",
			"each name is shown exactly or refused; nothing runs", "./...",
			".*Hostile.*|ShellsReadBackEveryValueAndRunNone|PowerShellReadsBackEveryValue|ForeignTextIsShownHarmlessAndShort",
		},
		{
			"users", "Another user of the machine: links, sign-ins, sockets, ports, cookies",
			"refused, reported, and without effect", e2e,
			"OtherUsers|CommandLinesHoldNoSecret|AnImpostorOnThePort|AnAnnouncedSocket.*|AnotherPort.*",
		},
		{
			"peers", "Connections of two users over IPv4 and IPv6: open, half closed, closed, reset",
			"only the user's own open connections are accepted", "./internal/peer", "TheOtherEnd",
		},
		{
			"endpoint", "Requests to `exec --serve` and `serve --imds`: pages, proxies, wrong tokens, methods and hosts",
			"refused with JSON that has no keys and that a page cannot read", "./internal/handout " + e2e,
			"NobodyElseIsAnswered|MetadataForNobodyElse|PagesGetNoKeys",
		},
		{
			"connections", "Connections held open: silent, slow, or with half a request",
			"the next request gets its answer", "./internal/loopback " + e2e, "IdleConnections|SlowConnections",
		},
		{
			"odd files", "A link, pipe, device, folder or socket in place of each file that rolecall reads or writes",
			"reads are bounded, links are not written through; exit code 6 with the path", e2e, "OddFiles.*",
		},
		{
			"editors", "Other programs save `~/.aws/config` while rolecall writes it",
			"no save is lost", e2e, "AppliesAndEditorsLoseNothing",
		},
		{
			"crashes", "Signals that cause core dumps, with GOTRACEBACK=crash", "no core file; no secret in the traceback",
			e2e, "CrashesLeaveNoSecret",
		},
		{
			"leftovers", "Search for secrets after crashes and `logout --all`: plain, hex, base64, URL-encoded",
			"no file below HOME has one", e2e, "LogoutLeavesNoSecret",
		},
		{
			"audit", "Changes to the audit log and the directory behind the server's back", "`idc audit verify` reports them",
			"./internal/idc/... " + e2e, ".*Tampering.*",
		},
		{
			"policy", "A user's settings combined with a machine policy", "they only tighten the policy",
			"./internal/policy", "PeopleOnlyNarrow",
		},
		{
			"import", "Imports of hostile names from another tool's files",
			"every reader reads the same name, or it is refused; nothing else changes", "./internal/imports", "HostileNames",
		},
		{
			"own audit", "Audit log of keys: records edited, cut, swapped or foreign; files edited or missing",
			"`rolecall audit verify` names file and line", "./internal/audit", "Tampering",
		},
		{
			"audit writers", "500 processes write the audit log of keys during rotation and `kill -9`",
			"each set of keys has its record; the chain is intact", e2e, "AuditOf500Writers|AuditAndKilledWriters",
		},
		{
			"keyring", "50 processes use a keyring: first key, refresh, locked, stopped, unlocked again",
			"one key; each gets its answer in time; nothing hangs", e2e, "FiftyProcessesAndAKeyring",
		},
		{
			"storage-killed", "`kill -9` while a sign-in moves between shared, split and private",
			"no session is lost", e2e, "StorageKilled",
		},
		{
			"storage", "Search for tokens and client secrets in each storage mode: plain, hex, base64, URL-encoded",
			"only where the mode stores them, with 0600", e2e, "EachModeKeepsItsSecrets",
		},
		{
			"split-clients", "Both AWS CLIs, boto3, Go and JavaScript SDKs with `split`: new, renewed, after `aws sso login`",
			"each gets its keys", e2e, "ClientsInSplit",
		},
		{
			"audit secrets", "Search for handed-out secrets in the audit log of keys", "it has none",
			e2e, "AuditHoldsNoSecret",
		},
		{
			"matrix", "Every kind of caller on every route of the local Identity Center",
			"the expected status; refused by default", "./internal/idc", "AuthorizationMatrix",
		},
		{"mistakes", "Small mistakes added to the code", "a test assertion fails", "mutants", ""},
	}
}
