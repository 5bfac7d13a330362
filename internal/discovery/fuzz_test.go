package discovery

import (
	"net/url"
	"testing"
)

// What a person types as start URL becomes an https address, or one on this machine, without a name and password, or is
// refused; made once more, it stays.
func FuzzStartURL(f *testing.F) {
	for _, text := range []string{
		"", "corp", "https://corp.awsapps.com/start", "HTTPS://Corp.awsapps.com/start/#/", "http://127.0.0.1:9911/start",
		"https://me@corp.awsapps.com/start", "d-1234567890", "https://[::1]:99/start", "javascript:alert(1)", "//x", "%zz",
		"start", "START/", "d-start", "ssoins-start", "www",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		made, err := StartURL(text)
		if err != nil {
			return
		}
		u, bad := url.Parse(made)
		if bad != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			t.Errorf("%q became %q", text, made)
		}
		if again, err := StartURL(made); err != nil || again != made {
			t.Errorf("%q became %q, then %q: %v", text, made, again, err)
		}
	})
}
