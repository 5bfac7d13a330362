package profiles

import (
	"testing"

	"rolecall/internal/identitycenter"
)

// A credential_process line is split by some SDKs and passed to a shell by others: nothing that either could misread
// gets into one.
func TestWhatIsInNoProcessLine(t *testing.T) {
	const path = "/opt/rolecall-process"
	for _, session := range []string{
		"my corp", "$(id)", "a;b", "-x", "a&b", "a|b", "a>b", "*", "~", "corp\u00e9", "a\tb", "",
	} {
		o := Options{Form: CredentialProcess, ProcessPath: path}
		if err := o.check(identitycenter.SSOSession{Name: session}); err == nil {
			t.Errorf("the session %q", session)
		}
	}
	for _, path := range []string{
		"/opt/my tools/rolecall-process", "/opt/$(id)/rolecall-process", "/opt/rolecall-process;id", "~/x",
	} {
		o := Options{Form: CredentialProcess, ProcessPath: path}
		if err := o.check(identitycenter.SSOSession{Name: "corp"}); err == nil {
			t.Errorf("the path %q", path)
		}
	}
	o := Options{Form: CredentialProcess, ProcessPath: path}
	if err := o.check(identitycenter.SSOSession{Name: "corp"}); err != nil {
		t.Error(err)
	}
}
