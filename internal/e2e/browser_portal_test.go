//go:build linux

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
)

// aliceArn returns the identity of alice's keys for her Admin role in payments-dev.
func aliceArn() string {
	return "arn:aws:sts::111122223333:assumed-role/" + directory.RoleName("Admin", "111122223333") + "/alice"
}

// textOf returns the text of the first element that the selector finds.
func textOf(page context.Context, t *testing.T, selector string) string {
	t.Helper()
	text, err := chromedp.Run(page,
		chromedp.Evaluate[string](`document.querySelector(`+"`"+selector+"`"+`)?.textContent ?? ""`))
	if err != nil {
		t.Errorf("%s: %v", selector, err)
	}
	return text
}

// From the search to an open account and on to its access keys, with the keyboard only.
func TestPortalByKeyboard(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	const beforeSearch = 5 // the skip link, the name, two pages, signing out
	do(page, t, signedInAt(w, "alice", ""), chromedp.KeyEvent(strings.Repeat(kb.Tab, beforeSearch+1)),
		chromedp.KeyEvent("prod readonly"))
	if count := textOf(page, t, "#count"); count != "1 account" {
		t.Errorf("found %q", count)
	}
	do(page, t, chromedp.WaitNotVisible(`//h3[text()="payments-dev"]`), chromedp.KeyEvent(kb.ArrowDown),
		chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`//details[@open]//strong[text()="ReadOnly"]`),
		chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter), ends("Access keys"))
	if lead := textOf(page, t, ".lead"); !strings.Contains(lead, "ReadOnly in payments-prod") {
		t.Errorf("the keys are of %q", lead)
	}

	// The same without a script: the server searches.
	do(page, t, withoutScript(), opens(""), chromedp.Click(".back"), ends("Your accounts"),
		chromedp.SendKeys("#q", "Lake\n"), ends("Your accounts"), chromedp.WaitVisible(`//strong[text()="Developer"]`))
	if h2 := textOf(page, t, "#all"); !strings.Contains(h2, "Found 1 account") {
		t.Errorf("without a script: %q", h2)
	}
	do(page, t, chromedp.Click(".star"), chromedp.WaitVisible("#favorites"))
}

// With more accounts than a page shows, the server searches: Enter leads to the first that it finds.
func TestPortalWithManyAccountsByKeyboard(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	if err := idctest.Fill(w.data, "alice", 60, 1, func(i int) string { return fmt.Sprintf("team-%02d", i) }); err != nil {
		t.Fatal(err)
	}
	do(page, t, signedInAt(w, "alice", ""), chromedp.SendKeys("#q", "team-42\n"),
		chromedp.WaitVisible("summary:focus"))
	if account := textOf(page, t, "summary:focus h3"); account != "team-42" {
		t.Errorf("the focus is on %q", account)
	}
	_ = w.http.Close()
	do(page, t, chromedp.SendKeys("#q", "x"),
		chromedp.WaitVisible(`//*[@id="count"][text()="The server does not answer"]`))
}

func TestFavoritesSurviveAReload(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	star := `//details[.//h3[text()="payments-dev"]]//li[.//strong[text()="ReadOnly"]]//button[contains(@class,"star")]`
	do(page, t, signedInAt(w, "alice", ""), chromedp.Click(`//h3[text()="payments-dev"]`), chromedp.Click(star),
		chromedp.WaitVisible("#favorites"))
	if open := textOf(page, t, "details[open] h3"); open != "payments-dev" {
		t.Errorf("open is %q", open)
	}
	favorites := func(want string) {
		t.Helper()
		if got := textOf(page, t, "section[aria-labelledby=favorites] .role-what"); got != want {
			t.Errorf("favourites are %q, want %q", got, want)
		}
	}
	favorites("ReadOnlypayments-dev · 111122223333")
	do(page, t, chromedp.Reload(), chromedp.WaitVisible("#favorites"))
	favorites("ReadOnlypayments-dev · 111122223333")
	do(page, t, chromedp.Click("section[aria-labelledby=favorites] .star"), chromedp.WaitNotPresent("#favorites"))
	favorites("")
}

// The page shows real keys: STS accepts them through the SDK, and the copy button copies what is shown.
func TestAccessKeysAreReal(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	do(page, t, signedInAt(w, "alice", "keys?account_id=111122223333&role_name=Admin"),
		chromedp.Click(`//button[text()="Get access keys"]`), chromedp.WaitVisible(".values"))
	id, secret, token := textOf(page, t, "#key-id"), textOf(page, t, "#secret"), textOf(page, t, "#token")
	client := sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: &w.url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
		}),
	})
	out, err := client.GetCallerIdentity(t.Context(), nil)
	if err != nil || *out.Arn != aliceArn() {
		t.Fatalf("the keys are not good: %v", err)
	}
	for format, want := range map[string]string{
		"posix": "export AWS_SESSION_TOKEN='" + token + "'", "fish": "set -gx AWS_SECRET_ACCESS_KEY '" + secret + "'",
		"powershell": "$Env:AWS_ACCESS_KEY_ID='" + id + "'",
		"cmd":        "set AWS_ACCESS_KEY_ID=" + id, "profile": "sso_start_url = " + w.awsStartURL(),
		"credentials": "aws_secret_access_key = " + secret,
	} {
		do(page, t, chromedp.Click(`label[for="f-`+format+`"]`), chromedp.WaitVisible("#"+format))
		if text := textOf(page, t, "#"+format); !strings.Contains(text, want) {
			t.Errorf("%s: %q", format, text)
		}
	}
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err = chromedp.CallBrowser(page, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, Origin: w.url,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	do(page, t, chromedp.Click(`label[for="f-credentials"]`), chromedp.Click(`button[data-copy="credentials"]`),
		chromedp.WaitVisible(`//button[contains(text(),"Copied")]`))
	copied, err := chromedp.Run(page, chromedp.Evaluate[string](`navigator.clipboard.readText()`,
		chromedp.EvalAwaitPromise))
	if err != nil || copied != textOf(page, t, "#credentials") {
		t.Errorf("copied %q: %v", copied, err)
	}
	do(page, t, chromedp.Reload()) // asks again, or shows nothing: a form is not sent again automatically
	if textOf(page, t, "#secret") == secret {
		t.Error("the same keys are shown again")
	}
}

func TestConsoleLinksArrive(t *testing.T) {
	t.Parallel()
	page := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	arrived := func(destination string) {
		t.Helper()
		if arn, body := textOf(page, t, "#arn"), textOf(page, t, "main"); arn != aliceArn() ||
			!strings.Contains(body, destination) {
			t.Errorf("%q arrived: %s", arn, body)
		}
	}
	do(page, t, signedInAt(w, "alice", ""), chromedp.Click(`//h3[text()="payments-dev"]`),
		chromedp.Click(`//details[.//h3[text()="payments-dev"]]//li[.//strong[text()="Admin"]]`+
			`//button[starts-with(text(),"Console")]`), ends("Signed in to the console"))
	arrived("https://console.aws.amazon.com/console/home?region=us-east-1")

	// A deep link of the portal asks first.
	do(page, t, chromedp.Navigate(w.url+"/start/#/console?account_id=111122223333&role_name=Admin"+
		"&destination=https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Fs3%2Fhome"),
		ends("Open the console?"), chromedp.Click(`//button[text()="Open the console"]`), ends("Signed in to the console"))
	arrived("s3")
	do(page, t, chromedp.Navigate(w.url+"/start/#/device?user_code=BCDF-GHJK"), ends("Enter your code"),
		chromedp.WaitVisible(".problem"))
	do(page, t, chromedp.Navigate(w.url+
		"/federation?Action=login&Destination=https://console.aws.amazon.com/&SigninToken=x"), ends("This link is not valid"))
	do(page, t, chromedp.Navigate(w.url+"/oauth?Action=logout&redirect_uri=https://example.com/"),
		ends("Signed out of the console"))
	// Signed out, a deep link leads through the sign-in to the same question.
	do(page, t, chromedp.Navigate(w.url+"/start"), chromedp.Click("a[data-home]"),
		chromedp.Click(`//button[text()="Sign out"]`), ends("Signed out"),
		chromedp.Navigate(w.url+"/start/#/console?account_id=111122223333&role_name=Admin"),
		asPerson("alice", "correct-horse-alice"), ends("Open the console?"))
}

// The key / leads to the search, until somebody switches that off: it stays off.
func TestTheShortcutCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	w := aWorld(t, oidc.Options{})
	page := aBrowser(t)
	press := func(want bool) {
		t.Helper()
		do(page, t, chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`), chromedp.KeyEvent("/"))
		got, err := chromedp.Run(page, chromedp.Evaluate[bool](`document.activeElement.id === "q"`))
		if err != nil || got != want {
			t.Errorf("/ leads to the search: %v, want %v, %v", got, want, err)
		}
	}
	do(page, t, signedInAt(w, "alice", ""))
	press(true)
	do(page, t, chromedp.Click("#slash"))
	press(false)
	do(page, t, chromedp.Reload(), ends("Your accounts"))
	press(false)
	do(page, t, chromedp.Click("#slash"))
	press(true)
}
