package faults

import (
	"bytes"
	"fmt"
	"strings"
)

const introduction = `# Faults

What the local Identity Center can do wrong on purpose, so that you can see how your client
reacts. A fault is played by its SPEC:

    NAME[=VALUE][@ROUTE[/ACCOUNT]][#COUNT][~EVERY]

    rolecall idc serve --fault throttle~7              every seventh portal request
    rolecall idc faults play unauthorized#1            the next portal request
    rolecall idc faults play html@token 'status=503@accounts+roles'
    rolecall idc faults playing
    rolecall idc faults stop

- ROUTE is one of %s;
  several are joined by +. oidc, portal and all are groups. A token request asks for the
  first tokens of a sign-in, a refresh request sends a refresh token.
- ACCOUNT selects requests for one account, on the routes roles and credentials:
  forbidden@credentials/111122223333.
- COUNT ends the fault after that many requests; EVERY applies it to every Nth request only.
- VALUE is used verbatim; if it starts with a quotation mark, it is a JSON string, for
  line breaks and the like: %s.
- Several faults at once: all that match a request are played on it, the first one last.
- play replaces the faults being played. Nothing else about the server changes, and after
  stop it behaves well again at once.
- Faults are played on this machine only. Those of TLS and HTTP/2 need a client that goes
  through the proxy: rolecall idc run --proxy.

| Fault | Value | Routes | The server | A client should |
|---|---|---|---|---|
`

// Document returns docs/faults.md.
func Document() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, introduction, strings.Join(Routes(), ", "), "`'account-name=\"two\\nlines\"'`")
	for _, f := range List() {
		cells := []string{"`" + f.Name + "`", f.Value, f.Routes, f.Does, f.Client}
		for i := range cells {
			cells[i] = strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(cells[i])
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.Bytes()
}
