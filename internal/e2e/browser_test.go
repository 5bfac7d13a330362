//go:build linux

package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rolecall/internal/idc/oidc"
)

// aBrowser is headless Chromium with a profile of its own, and more options.
func aBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	const program = "/usr/bin/chromium"
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%s is not there; install it: apt-get install chromium", program)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(800, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the first call's context
		t.Fatal(err)
	}
	return ctx
}

// screenshots is where the pictures of a test run go; empty keeps none.
func screenshots() string { return os.Getenv("ROLECALL_SCREENSHOTS") }

// shoot saves a picture of the page.
func shoot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if shown := pagePictures[name]; shown != "" {
		keepPicture(t, shown, picture)
	}
	if dir := screenshots(); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
			t.Error(err)
		}
	}
}

// do acts in the browser; an act that does not succeed in time fails the test, with a picture.
func do(browser context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(browser, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Errorf("in the browser: %v", err)
		shoot(browser, t, "failed")
	}
}

// ends waits for the page with this heading.
func ends(heading string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(`//h1[text()="` + heading + `"]`)
}

// inChromium runs a command at a terminal whose sign-in page a person handles in a
// real browser.
func inChromium(t *testing.T, w *world, opens func(page string), argv ...string) (code int, screen string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	var stdout bytes.Buffer
	code, screen, err := aTerminal{opens: opens}.run(ctx, argv, w.environ(), &stdout)
	if err != nil {
		t.Fatal(err)
	}
	return code, screen + stdout.String()
}

// asPerson fills the sign-in page.
func asPerson(user, password string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		ends("Sign in"), chromedp.Clear("#user"), chromedp.SendKeys("#user", user),
		chromedp.SendKeys("#password", password+"\n"),
	)
}

// The code flow in a real browser: the policy of the consent page lets the answer through to the callback, and in the
// end the address bar holds no code.
func TestSignInInChromium(t *testing.T) {
	t.Parallel()
	browser := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	code, screen := inChromium(t, w, func(page string) {
		do(browser, t, chromedp.Navigate(page), asPerson("alice", "wrong"), chromedp.WaitVisible(".problem"))
		shoot(browser, t, "sign-in")
		do(browser, t, asPerson("alice", "correct-horse-alice"), ends("Allow access?"))
		shoot(browser, t, "consent")
		do(browser, t, chromedp.Click(`button[value="allow"]`), ends("Signed in"))
		shoot(browser, t, "signed-in")
		if at, err := chromedp.Run(browser, chromedp.Location()); err != nil || strings.Contains(at, "code=") {
			t.Errorf("the browser stands at %s: %v", at, err)
		}
	}, "rolecall", "login", "corp")
	if code != 0 || !strings.Contains(screen, `signed in to "corp"`) {
		t.Fatalf("exit code %d\n%s", code, screen)
	}

	// The device flow, where --fresh has signed the browser out, too. Then a refusal.
	code, screen = inChromium(t, w, func(page string) {
		do(browser, t, chromedp.Navigate(w.url+"/device"), asPerson("alice", "correct-horse-alice"), ends("Enter your code"))
		shoot(browser, t, "device")
		_, userCode, _ := strings.Cut(page, "user_code=")
		typed := strings.ToLower(strings.ReplaceAll(userCode, "-", " "))
		do(browser, t, chromedp.SendKeys("#user_code", typed+"\n"), ends("Allow access?"),
			chromedp.WaitVisible(`//p[text()="`+userCode+`"]`))
		shoot(browser, t, "device-consent")
		do(browser, t, chromedp.Click(`button[value="allow"]`), ends("Request approved"))
		shoot(browser, t, "approved")
	}, "rolecall", "login", "--fresh", "--device-code", "corp")
	if code != 0 {
		t.Errorf("device login: exit code %d\n%s", code, screen)
	}
	code, screen = inChromium(t, w, func(page string) {
		do(browser, t, chromedp.Navigate(page), asPerson("bob", "correct-horse-bob"), ends("Allow access?"),
			chromedp.Click(`button[value="deny"]`), ends("Not signed in"))
	}, "rolecall", "login", "--fresh", "corp")
	if code != 3 || !strings.Contains(screen, "was denied in the browser") {
		t.Errorf("denied: exit code %d\n%s", code, screen)
	}

	do(browser, t, chromedp.Navigate(w.url+"/start"))
	shoot(browser, t, "start")
	do(browser, t, chromedp.Click(".button"), ends("Your accounts"), chromedp.WaitVisible(`//h3[text()="payments-dev"]`))
	shoot(browser, t, "portal")
	do(browser, t, chromedp.Click("header button"), ends("Signed out"), chromedp.NavigateBack(), ends("Sign in"))
}
