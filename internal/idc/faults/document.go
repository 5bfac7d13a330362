package faults

import (
	"bytes"
	"fmt"
	"strings"
)

const introduction = `# Faults

What the local Identity Center can do wrong on purpose, so that you see what your client
does about it. A fault is played by its SPEC:

    NAME[=VALUE][@ROUTE[/ACCOUNT]][#COUNT][~EVERY]

    rolecall idc serve --fault throttle~7              each seventh portal request
    rolecall idc faults play unauthorized#1            the next portal request
    rolecall idc faults play html@token 'status=503@accounts+roles'
    rolecall idc faults playing
    rolecall idc faults stop

- ROUTE is one of %s;
  several have a + between them. oidc, portal and all are groups. A token request is one
  for the first tokens of a sign-in, a refresh one with a refresh token.
- ACCOUNT means the requests for one account, of the routes roles and credentials:
  forbidden@credentials/111122223333.
- COUNT ends the fault after so many requests; EVERY lets all but each so-many-th alone.
- VALUE is taken as it is; one that begins with a quotation mark is a JSON string, for
  line breaks and the like: %s.
- Several faults at once: each request meets all that are for it, the first one last.
- play replaces all that is played. Nothing else about the server changes, and stop makes
  it behave well again at once.
- Faults are played on this machine only. Those of TLS and HTTP/2 need a client that comes
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
