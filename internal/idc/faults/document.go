package faults

import (
	"bytes"
	"fmt"
	"strings"
)

const introduction = `# Faults

If you write or test an AWS client, use faults to see how it reacts when the local Identity Center misbehaves. You
select a fault with a SPEC:

    NAME[=VALUE][@ROUTE[/ACCOUNT]][#COUNT][~EVERY]

    rolecall idc serve --fault throttle~7              every seventh portal request
    rolecall idc faults play unauthorized#1            the next portal request
    rolecall idc faults play html@token 'status=503@accounts+roles'
    rolecall idc faults playing
    rolecall idc faults stop

- ROUTE is one of %s;
  join several with +. oidc, portal and all are groups. A token request asks for the first
  tokens of a sign-in, a refresh request sends a refresh token.
- ACCOUNT selects requests for one account, on the routes roles and credentials:
  forbidden@credentials/111122223333.
- COUNT ends the fault after that many requests; EVERY applies it to every Nth request only.
- VALUE is used verbatim; if it starts with a quotation mark, it is a JSON string, for
  line breaks and the like: %s.
- If several faults match a request, all of them apply, in reverse order.
- play replaces the faults being played. Nothing else about the server changes, and stop ends
  all faults at once.
- Faults work on this machine only. TLS and HTTP/2 faults need a client that uses the proxy:
  rolecall idc run --proxy.

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
