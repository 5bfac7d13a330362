package idc_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

// events are those of the audit whose action begins with a word.
func (c *center) events(t *testing.T, word string) (lines []string) {
	t.Helper()
	err := c.data.Store.View(t.Context(), func(r store.Reader) error {
		all, err := r.Events(0, 0)
		for _, e := range all {
			if strings.HasPrefix(e.Action, word) {
				lines = append(lines, e.Actor+" "+e.Action+" "+e.Target+" "+e.Details)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// submit sends a form of the pages with its form token.
func (c *center) submit(t *testing.T, page, cookie, form string) int {
	t.Helper()
	shown := c.call(t, "GET", page, nil, "Cookie", cookie)
	_, token, _ := strings.Cut(shown.body, `name="form" value="`)
	token, _, _ = strings.Cut(token, `"`)
	visitor, _, _ := strings.Cut(shown.header.Get("Set-Cookie"), ";")
	return c.call(t, "POST", page, "form="+token+"&"+form, "Content-Type", "application/x-www-form-urlencoded", "Cookie",
		strings.Trim(cookie+"; "+visitor, "; ")).status
}

// Whatever is refused for want of a password, key, code, token or access is in the audit: who, what and how often, and
// never what was typed.
func TestWhatIsRefusedIsInTheAudit(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	alice, home := c.cookie(t, "alice")
	for range 3 {
		c.submit(t, "/ui/sign-in", "", "user=alice&password=hunter2")
	}
	c.submit(t, "/ui/sign-in", "", "user=correct-horse-alice&password=alice")
	c.submit(t, "/ui/admin/sign-in", "", "key=AKIDWRONG&secret=SECRETWRONG")
	c.call(t, "GET", home+"device?user_code=WRNG-CDDD", nil, "Cookie", alice)
	c.submit(t, home+"device", alice, "user_code=BDDD-CDDD&decision=allow")
	role := principal{keys: c.keys(t, "111122223333", "Admin")}
	wrong := principal{keys: role.keys}
	wrong.keys.SecretAccessKey = "x"
	other := principal{keys: aws.Credentials{AccessKeyID: "AKIDSTRANGE", SecretAccessKey: "x"}}
	for _, p := range []principal{role, wrong, other, {}} {
		c.ask(t, p, "POST", "/", "{}", "X-Amz-Target", "SWBExternalService.ListInstances")
	}
	id, secret := c.STS.Administrator()
	c.ask(t, principal{keys: aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}}, "POST", "/",
		`{"InstanceArn":"arn:aws:sso:::instance/ssoins-0000000000000000"}`, "X-Amz-Target",
		"SWBExternalService.ListPermissionSets")
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	c.ask(t, wrong, "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", form...)
	c.ask(t, role, "POST", "/", "Action=GetSessionToken&Version=2011-06-15", form...)
	clientID, clientSecret, tokens := c.deviceTokens(t)
	first := tokens.text("refreshToken")
	c.refresh(t, clientID, clientSecret, c.refresh(t, clientID, clientSecret, first).text("refreshToken"))
	c.refresh(t, clientID, clientSecret, first)
	c.refresh(t, clientID, "wrong", first)
	codeID, codeSecret := c.register(t, true)
	c.redeem(t, codeID, codeSecret, "no-such-code")
	if got := c.events(t, "Refuse"); len(got) != 0 {
		t.Errorf("each costs a transaction: %q", got)
	}
	if err := c.Refusals.Write(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(c.events(t, ""), "\n")
	arn := "arn:aws:sts::111122223333:assumed-role/"
	for _, want := range []string{
		"unknown RefuseSignIn user:alice a wrong password, from , 3 times in ",
		"unknown RefuseSignIn an unknown user a wrong password, from ",
		"unknown RefuseSignIn administration pages wrong keys, from ",
		"user:alice RefuseUserCode  an unknown, used or ended code, from , 2 times in ",
		"/alice RefuseCall sso-admin:ListInstances AccessDeniedException, from ",
		"unknown RefuseCall sso-admin:ListInstances InvalidSignatureException, from ",
		"unknown RefuseCall sso-admin:ListInstances UnrecognizedClientException, from ",
		"unknown RefuseCall sso-admin:ListInstances MissingAuthenticationTokenException, from ",
		":user/administrator RefuseCall sso-admin:ListPermissionSets AccessDeniedException, from ",
		"unknown RefuseCall sts:GetCallerIdentity SignatureDoesNotMatch, from ",
		"/alice RefuseCall sts:GetSessionToken AccessDenied, from ",
		"RefuseToken client:" + clientID + " Invalid refresh token provided, from ",
		"RefuseToken an unknown client Invalid client provided, from ",
		"RefuseToken client:" + codeID + " Invalid authorization code provided, from ",
		arn,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("not in the audit: %s", want)
		}
	}
	for _, typed := range []string{
		"hunter2", "correct-horse", "AKIDWRONG", "SECRETWRONG", "WRNG", "BDDD", "AKIDSTRANGE", first,
		"no-such-code",
	} {
		if strings.Contains(all, typed) {
			t.Errorf("the audit has what was typed: %s", typed)
		}
	}
	if t.Failed() {
		t.Log(all)
	}
}

// The housekeeping writes what was refused within seconds, and the rest when it ends.
func TestHousekeepingWritesRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data, _, err := idctest.Sample()
		if err != nil {
			t.Fatal(err)
		}
		defer data.Close()
		c := &center{data: data, now: time.Now()}
		c.Server, err = idc.New(idc.Options{URL: origin, Store: data.Store, Secret: data.Secret})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { c.Housekeep(ctx); close(ended) }()
		refuse := func(times int) {
			for range times {
				r := httptest.NewRequestWithContext(t.Context(), "POST", origin+"/", strings.NewReader("{}"))
				r.Header.Set("X-Amz-Target", "SWBExternalService.ListInstances")
				c.ServeHTTP(httptest.NewRecorder(), r)
			}
		}
		refuse(1)
		time.Sleep(11 * time.Second)
		if got := c.events(t, "Refuse"); len(got) != 1 {
			t.Errorf("after eleven seconds: %q", got)
		}
		refuse(5000)
		time.Sleep(11 * time.Second)
		if got := c.events(t, "Refuse"); len(got) != 1 {
			t.Errorf("in the same minute: %q", got)
		}
		stop()
		<-ended
		if got := c.events(t, "Refuse"); len(got) != 2 || !strings.Contains(got[1], ", 5000 times in ") {
			t.Errorf("at the end: %q", got)
		}
	})
}
