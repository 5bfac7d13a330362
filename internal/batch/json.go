package batch

import (
	"bytes"

	"rolecall/internal/terminal"
)

// A jsonLine is one line in the JSON form. Bytes that are not UTF-8 become U+FFFD.
type jsonLine struct {
	Session   string `json:"session,omitempty"`
	AccountID string `json:"accountId"`
	Account   string `json:"account"`
	Role      string `json:"role"`
	Stream    string `json:"stream"`
	Line      string `json:"line"`
	Continues bool   `json:"continues,omitempty"` // the next one is part of the same line
}

func newJSONLine(t Target, stream string, l line) jsonLine {
	return jsonLine{t.Session, t.AccountID, t.Account, t.Role, stream, string(l.text), l.continues}
}

// A jsonEnd is the end of a target in the JSON form.
type jsonEnd struct {
	Session   string  `json:"session,omitempty"`
	AccountID string  `json:"accountId"`
	Account   string  `json:"account"`
	Role      string  `json:"role"`
	ExitCode  *int    `json:"exitCode"` // null: not run
	Error     string  `json:"error,omitempty"`
	Duration  float64 `json:"duration"` // seconds
}

func newJSONEnd(e End) jsonEnd {
	j := jsonEnd{
		Session: e.Session, AccountID: e.AccountID, Account: e.Account, Role: e.Role, Duration: e.Duration.Seconds(),
	}
	switch {
	case e.NotRun:
		j.Error = "not run"
		return j
	case e.Err != nil:
		j.Error = e.Err.Error()
	}
	j.ExitCode = &e.Code
	return j
}

// appendJSON adds a line of JSON.
func appendJSON(b []byte, value any) []byte {
	w := bytes.NewBuffer(b)
	_ = terminal.WriteJSON(w, value, "") // texts and numbers always encode
	return w.Bytes()
}
