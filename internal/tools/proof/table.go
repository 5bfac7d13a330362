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
			"processes", "Processes that need a token at the same moment: 50, and 200",
			"one refresh for all, each gets its keys", e2e, "Processes",
		},
		{
			"killed", "`kill -9` at a random moment of a refresh, a sign-in, `profiles apply`, `sync`",
			"the next run works: no session lost, no bad file, nothing left behind", e2e, "Killed",
		},
		{
			"store", "Writes to the local Identity Center before a `kill -9`",
			"each acknowledged write is there, and the audit verifies", e2e, "NoAcknowledgedWriteIsLost",
		},
		{
			"answers", "Hostile answers of a server",
			"ends in time, says one line, keeps session and files, has its exit code", e2e, "EveryFault.*",
		},
		{
			"names", "Hostile names in shells, config files, terminals, pages, JSON, TSV and labels",
			"shown or refused, byte for byte; nothing runs", "./...",
			".*Hostile.*|ShellsReadBackEveryValueAndRunNone|PowerShellReadsBackEveryValue|ForeignTextIsShownHarmlessAndShort",
		},
		{
			"users", "Another user of the machine: links, sign-ins, sockets, ports, cookies",
			"refused, named, and without effect", e2e,
			"OtherUsers|CommandLinesHoldNoSecret|AnImpostorOnThePort|AnAnnouncedSocket.*|AnotherPort.*",
		},
		{
			"peers", "Whose connection it is: held, half closed, closed, reset; IPv4 and IPv6; two users",
			"only this user's open connections pass", "./internal/peer", "TheOtherEnd",
		},
		{
			"endpoint", "Requests to `exec --serve` and `serve --imds`: pages, proxies, wrong tokens, other methods and hosts",
			"refused, as JSON, without keys and unreadable for a page", "./internal/handout " + e2e,
			"NobodyElseIsAnswered|MetadataForNobodyElse|PagesGetNoKeys",
		},
		{
			"connections", "Connections that are kept open: silent, slow, half requests",
			"the next request is answered", "./internal/loopback " + e2e, "IdleConnections|SlowConnections",
		},
		{
			"odd files", "Links, pipes, devices, folders and sockets in place of each file that is read or written",
			"bounded, not followed for writing, exit 6 with the path", e2e, "OddFiles.*",
		},
		{
			"editors", "Saves of other programs in the moment of our write to `~/.aws/config`",
			"none is lost", e2e, "AppliesAndEditorsLoseNothing",
		},
		{
			"crashes", "Signals that dump core, with GOTRACEBACK=crash", "no core, no secret in the traceback",
			e2e, "CrashesLeaveNoSecret",
		},
		{
			"leftovers", "Secrets seen before crashes and `logout --all`: in clear, hex, base64, URL-encoded",
			"none in any file below HOME", e2e, "LogoutLeavesNoSecret",
		},
		{
			"audit", "The audit and the directory changed behind the server's back", "`idc audit verify` says so",
			"./internal/idc/... " + e2e, ".*Tampering.*",
		},
		{
			"policy", "Settings of a person beside a policy of the machine", "they narrow it, and widen nothing",
			"./internal/policy", "PeopleOnlyNarrow",
		},
		{
			"import", "Hostile names in another tool's files, imported",
			"written so that every reader reads them, or refused; nothing else changes", "./internal/imports", "HostileNames",
		},
		{
			"own audit", "The log of keys that left: records edited, cut, swapped or foreign, files edited or missing",
			"`rolecall audit verify` names file and line", "./internal/audit", "Tampering",
		},
		{
			"audit writers", "500 processes that write the log of keys at once, while it is rotated; `kill -9`",
			"each set of keys has its record, and the chain is whole", e2e, "AuditOf500Writers|AuditAndKilledWriters",
		},
		{
			"keyring", "50 processes at a keyring: the first key, a refresh, locked, stopped, unlocked again",
			"one key, each gets its answer in time, nothing jams", e2e, "FiftyProcessesAndAKeyring",
		},
		{
			"storage-killed", "`kill -9` while a sign-in moves between shared, split and private",
			"no session is lost", e2e, "StorageKilled",
		},
		{
			"storage", "Tokens and client secrets in each storage mode, looked for in clear, hex, base64, URL-encoded",
			"where the mode has them, 0600, and nowhere else", e2e, "EachModeKeepsItsSecrets",
		},
		{
			"split-clients", "Both AWS CLIs, boto3, the SDKs for Go and JavaScript in split: fresh, renewed, aws sso login",
			"each gets its keys", e2e, "ClientsInSplit",
		},
		{
			"audit secrets", "Secrets that commands have handed out, looked for in the log of keys", "none is there",
			e2e, "AuditHoldsNoSecret",
		},
		{
			"matrix", "Each kind of caller at each route of the local Identity Center",
			"the expected status, refusal by default", "./internal/idc", "AuthorizationMatrix",
		},
		{"mistakes", "Small mistakes put into the code", "a test fails, by an assertion", "mutants", ""},
	}
}
