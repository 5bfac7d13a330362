package identitycenter

import (
	"strings"
	"testing"
)

// Keys of any maker are accepted, those that a shell could misread are not, and no message repeats one.
func TestCheckOfKeys(t *testing.T) {
	for _, x := range []struct {
		id, secret, token string
		bad               string
	}{
		{"ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=", "IQoJb3JpZ2luX2Vj//8=", ""},
		{"test", "test", "a.jwt-like_one:with@signs,and=", ""},
		{"", "canary", "canary", "access key id"},
		{"canary", "", "canary", "secret access key"},
		{"canary", "canary", "", "session token"},
		{"canary $(id)", "canary", "canary", "access key id"},
		{"canary", "canary\n", "canary", "secret access key"},
		{"canary", "canary", "canary'`x`'", "session token"},
		{"canary", "canary", "canary\xff", "session token"},
		{"canary", "canary", strings.Repeat("canary", 3000), "session token"},
	} {
		err := RoleCredentials{
			AccessKeyID: x.id, SecretAccessKey: NewSecret(x.secret), SessionToken: NewSecret(x.token),
		}.Check()
		if (err == nil) != (x.bad == "") {
			t.Errorf("%+v: %v", x, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "the "+x.bad+" ") || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %v", x.bad, err)
		}
	}
}
