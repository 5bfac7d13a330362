package main

// A row of the table is a class of attacks or faults.
type row struct {
	id      string // what tests name
	attack  string
	holds   string
	command string
}

func table() []row {
	e2e := func(test string) string { return "go test ./internal/e2e -run " + test }
	return []row{
		{
			"processes", "Processes that need a token at the same moment: 50, and 200",
			"one refresh for all, each gets its keys", e2e("TestProcesses"),
		},
		{
			"killed", "`kill -9` at a random moment of a refresh, a sign-in, `profiles apply`, `sync`",
			"the next run works: no session lost, no bad file, nothing left behind", e2e("TestKilled"),
		},
		{
			"store", "`kill -9` of the local Identity Center under writes",
			"each acknowledged write is there, and the audit verifies", e2e("TestNoAcknowledgedWriteIsLost"),
		},
		{
			"answers", "Hostile answers of a server, each at each command that meets it",
			"ends in time, says one line, keeps session and files, has its exit code", e2e("TestEveryFault"),
		},
		{
			"names", "Hostile names in shells, config files, terminals, pages, JSON, TSV and logs",
			"shown or refused, byte for byte; nothing runs", "go test ./... -run Hostile",
		},
		{
			"users", "Another user of the machine: links, sign-ins, sockets, files, ports, cookies",
			"refused, named, and without effect", e2e("'OtherUsers|Impostor|AnnouncedSocket|AnotherPort|AForeignToken'"),
		},
		{
			"peers", "Whose connection it is: held, half closed, closed, reset; IPv4 and IPv6; two users",
			"only this user's open connections pass", "go test ./internal/peer",
		},
		{
			"connections", "Connections that are kept open: silent, slow, half requests",
			"the next request is answered", "go test ./internal/loopback ./internal/idc/gate",
		},
		{
			"odd files", "Links, pipes, devices, folders and sockets in place of each file that is read or written",
			"bounded, not followed for writing, exit 6 with the path", e2e("TestOddFiles"),
		},
		{
			"editors", "Saves of other programs in the moment of our write to `~/.aws/config`",
			"none is lost", e2e("TestAppliesAndEditorsLoseNothing"),
		},
		{
			"crashes", "Signals that dump core, with GOTRACEBACK=crash", "no core, no secret in the traceback",
			e2e("TestCrashesLeaveNoSecret"),
		},
		{
			"leftovers", "Secrets left after crashes and `logout --all`: clear, hex, base64, URL-encoded",
			"none in any file below HOME", e2e("TestLogoutLeavesNoSecret"),
		},
		{
			"audit", "The audit and the directory changed behind the server's back", "`idc audit verify` says so",
			"go test ./internal/idc/... ./internal/e2e -run Tamper",
		},
		{
			"matrix", "Each kind of caller at each route of the local Identity Center", "the expected status, default refusal",
			"go test ./internal/idc -run TestAuthorizationMatrix",
		},
		{
			"mistakes", "Small mistakes put into the code", "a test fails, by an assertion", "make mutants",
		},
	}
}
