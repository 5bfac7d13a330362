package operator_test

import (
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/refusals"
)

// What the operator is refused is in the audit when it is read, without what was sent.
func TestRefusedChangesAreInTheAudit(t *testing.T) {
	d := newDesk(t)
	d.api.Refusals = refusals.New(d.data.Store, time.Now)
	for range 2 {
		if _, err := d.do("POST", "/password", "", `{"User":"nobody","Password":"hunter2"}`); err == nil {
			t.Error("nobody has a password")
		}
	}
	if _, err := d.do("POST", "/apply", "name=x.yaml", "users: [{name: mallory, pasword: hunter3}]"); err == nil {
		t.Error("a file with a mistake is applied")
	}
	text := d.get("/audit", "")
	for _, want := range []string{
		`"actor":"operator","action":"RefuseOperator","target":"POST /password","details":"Not Found, from the operator's ` +
			`socket, 2 times in `,
		`"target":"POST /apply","details":"Unprocessable Entity, `,
	} {
		if !strings.Contains(strings.ReplaceAll(text, `\u0026`, "&"), want) {
			t.Errorf("not in the audit: %s\n%s", want, text)
		}
	}
	for _, sent := range []string{"hunter", "mallory", "nobody"} {
		if strings.Contains(text, sent) {
			t.Errorf("the audit has %s", sent)
		}
	}
}
