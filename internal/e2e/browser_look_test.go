//go:build linux

package e2e

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
)

// looks lists the screens and themes in which pages are checked.
var looks = []struct {
	name   string
	width  int64
	height int64
	theme  string
}{
	{"wide-light", 1280, 860, "light"},
	{"wide-dark", 1280, 860, "dark"},
	{"narrow-light", 360, 740, "light"},
	{"narrow-dark", 360, 740, "dark"},
}

// inTheme makes the browser prefer light or dark.
func inTheme(theme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	})
}

// look shows a page on each screen, keeps a picture of each, and checks what must
// hold on all of them.
func look(browser context.Context, t *testing.T, name string) {
	t.Helper()
	keepSource(browser, t, name)
	for _, l := range looks {
		do(browser, t, chromedp.EmulateViewport(l.width, l.height), inTheme(l.theme))
		shoot(browser, t, name+"-"+l.name)
		checkAccessible(browser, t, name+" "+l.name)
	}
	do(browser, t, chromedp.EmulateViewport(1280, 860), inTheme("light"))
}

// sourcesKey is the key of the folder for the pages that are looked at, as the server sends them.
type sourcesKey struct{}

// keepSource keeps a page's HTML, as its address has it.
func keepSource(browser context.Context, t *testing.T, name string) {
	t.Helper()
	source, err := chromedp.Run(browser, chromedp.Evaluate[string](
		`fetch(location.href, {headers: {Accept: "text/html"}}).then((answer) => answer.text())`, chromedp.EvalAwaitPromise))
	if err == nil {
		err = os.WriteFile(filepath.Join(browser.Value(sourcesKey{}).(string), name+".html"), []byte(source), 0o600)
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// signedInAt opens a page of the site as a person who has just signed in.
func signedInAt(w *world, user, page string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Navigate(w.url+"/start"), chromedp.Click("a[data-home]"),
		asPerson(user, "correct-horse-"+user),
		ends("Your accounts"), opens(page))
}

// opens goes to a page below the secret path of the site, from a page there.
func opens(page string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if page == "" {
			return nil
		}
		at, err := chromedp.Run(ctx, chromedp.Location())
		if err != nil {
			return err
		}
		return chromedp.Do(ctx, chromedp.Navigate(homeOf(at)+page))
	})
}

// homeOf returns the secret path in an address.
func homeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	parts := strings.SplitN(u.Path, "/", 4)
	return u.Scheme + "://" + u.Host + strings.Join(parts[:3], "/") + "/"
}

// Every kind of page on every kind of screen: pictures for people, and checks that a program can do.
func TestHowThePagesLook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	browser := context.WithValue(aBrowser(t), sourcesKey{}, dir)
	w := aWorld(t, oidc.Options{})
	do(browser, t, chromedp.Navigate(w.url+"/start"), chromedp.KeyEvent("\t")) // a keyboard is in use: focus is shown
	look(browser, t, "start")
	do(browser, t, chromedp.Click("a[data-home]"), asPerson("alice", "wrong"), chromedp.WaitVisible(".problem"))
	look(browser, t, "sign-in")
	do(browser, t, asPerson("alice", "correct-horse-alice"), ends("Your accounts"))
	star := `//li[.//strong[text()="Admin"]]//button[contains(@class,"star")]`
	do(browser, t, chromedp.Click(`//h3[text()="payments-dev"]`), chromedp.Click(star), chromedp.WaitVisible("#favorites"))
	look(browser, t, "portal")
	do(browser, t, opens("keys?account_id=111122223333&role_name=Admin"), ends("Access keys"))
	look(browser, t, "keys-asked")
	do(browser, t, chromedp.Click(`//button[text()="Get access keys"]`), chromedp.WaitVisible(".values"))
	look(browser, t, "keys")
	do(browser, t, opens("console?account_id=111122223333&role_name=Admin&destination="+
		"https://eu-west-1.console.aws.amazon.com/ec2/home"), ends("Open the console?"))
	look(browser, t, "console")
	do(browser, t, opens("device"), ends("Enter your code"))
	look(browser, t, "device")
	d := aDeviceLogin(t, w, "aws-cli on build-7")
	do(browser, t, opens("device?user_code="+d.UserCode), ends("Allow access?"))
	look(browser, t, "consent-device")
	do(browser, t, opens("device?user_code=BCDF-GHJK"), chromedp.WaitVisible(".problem"))
	look(browser, t, "device-wrong")
	do(browser, t, opens("console?account_id=111122223333&role_name=Admin"),
		chromedp.Click(`//button[text()="Open the console"]`), ends("Signed in to the console"))
	look(browser, t, "arrived")
	do(browser, t, chromedp.Navigate(w.url+"/start"), chromedp.Click("a[data-home]"), ends("Your accounts"),
		chromedp.Click(`//button[text()="Sign out"]`), ends("Signed out"))
	look(browser, t, "signed-out")
	lookAtAdministration(browser, t, w)
	do(browser, t, chromedp.Navigate(w.url+"/nowhere"), ends("This page does not exist"))
	look(browser, t, "not-found")
	do(browser, t, chromedp.Click(`//a[text()="Start page"]`), chromedp.WaitVisible("a[data-home]"))
	checkHTML(t, ".pages.htmlvalidate.json", dir)
}

func lookAtAdministration(browser context.Context, t *testing.T, w *world) {
	t.Helper()
	for range 2 {
		if _, err := idctest.SignIn(w.current(), w.data, "alice"); err != nil {
			t.Fatal(err)
		}
	}
	do(browser, t, opens("admin/"), ends("Administrator"))
	look(browser, t, "admin-sign-in")
	do(browser, t, asAdministrator(w), ends("Users"))
	look(browser, t, "admin-users")
	do(browser, t, chromedp.Click(`//a[text()="alice"]`), ends("alice"))
	look(browser, t, "admin-user")
	do(browser, t, chromedp.Click(`//a[contains(text(), "Disable")]`), ends("Disable alice?"))
	look(browser, t, "admin-disable")
	do(browser, t, chromedp.Click(`//button[contains(text(), "Disable")]`), ends("alice"),
		chromedp.WaitVisible(`//p[@role="status" and contains(text(), "alice is disabled")]`))
	look(browser, t, "admin-disabled")
	do(browser, t, chromedp.Click(`//button[contains(text(), "Enable")]`), ends("alice"),
		chromedp.WaitVisible(`//p[@role="status" and contains(text(), "can sign in again")]`))
	for _, page := range []string{"groups", "accounts", "audit"} {
		do(browser, t, opens("admin/"+page), chromedp.WaitVisible("table"))
		look(browser, t, "admin-"+page)
	}
	do(browser, t, opens("admin/account?id=111122223333"), ends("payments-dev"))
	look(browser, t, "admin-account")
}

// asAdministrator fills the administrator's sign-in page.
func asAdministrator(w *world) chromedp.Action[chromedp.Void] {
	id, secret := w.current().STS.Administrator()
	return chromedp.Steps(ends("Administrator"), chromedp.SendKeys("#key", id), chromedp.SendKeys("#secret", secret+"\n"))
}

// checkAccessible fails for anything that excludes people with a keyboard or a screen reader, and for text that is
// hard to read.
func checkAccessible(browser context.Context, t *testing.T, where string) {
	t.Helper()
	problems, err := chromedp.Run(browser, chromedp.Evaluate[[]string](accessibility))
	if err != nil {
		t.Errorf("%s: %v", where, err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", where, p)
	}
	if width, err := chromedp.Run(browser,
		chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`)); err != nil || width > 0 {
		t.Errorf("%s: the page is %s pixels too wide: %v", where, strconv.Itoa(width), err)
	}
}

// accessibility lists the problems of a page. Contrast is WCAG 2.1's (1.4.3): 4.5 for each text against what is
// painted behind it.
const accessibility = `(() => {
  const problems = [], all = (s) => [...document.querySelectorAll(s)];
  const say = (text, e) => problems.push(text + ": " + e.outerHTML.slice(0, 120));
  if (document.documentElement.lang !== "en") problems.push("no language");
  if (all("h1").length !== 1) problems.push(all("h1").length + " h1");
  if (!document.title) problems.push("no title");
  for (const e of all("input:not([type=hidden])"))
    if (!e.labels.length || !e.labels[0].textContent.trim()) say("no label", e);
  for (const e of all("button, a")) if (!(e.textContent.trim() || e.getAttribute("aria-label"))) say("no name", e);
  for (const e of all("[tabindex]")) if (e.tabIndex > 0) say("tabindex", e);
  for (const e of all("[style], script:not([src]), style")) say("inline", e);
  const ids = all("[id]").map((e) => e.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) problems.push("id twice: " + id);

  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = (c) => {
    const [r, g, b] = c.map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05);
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] === 255) return c;
    }
    return [255, 255, 255];
  };
  for (const e of all("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()), style = getComputedStyle(e);
    if (!own || !e.checkVisibility({ visibilityProperty: true }) || style.clipPath !== "none") continue;
    const ratio = contrast(rgba(style.color), behind(e));
    if (ratio < 4.5) say("contrast " + ratio.toFixed(2), e);
  }
  const root = getComputedStyle(document.documentElement), color = (name) => rgba(root.getPropertyValue(name).trim());
  for (const [text, ground] of [
    ["--text", "--ground"], ["--text", "--paper"], ["--text", "--sunk"], ["--text", "--warn"], ["--text", "--bad"],
    ["--text", "--good"], ["--faint", "--ground"], ["--faint", "--paper"], ["--faint", "--sunk"],
    ["--accent", "--paper"], ["--accent", "--soft"], ["--on-accent", "--accent"], ["--bad-line", "--paper"],
    ["--bad-line", "--bad"],
  ]) {
    const ratio = contrast(color(text), color(ground));
    if (ratio < 4.5) problems.push(text + " on " + ground + ": " + ratio.toFixed(2));
  }
  for (const e of all("a, button, summary, input:not([type=hidden])")) {
    if (!e.checkVisibility() || e.type === "radio") continue;
    e.focus({ focusVisible: true });
    if (document.activeElement !== e) continue;
    const style = getComputedStyle(e);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) say("no visible focus", e);
  }
  document.activeElement.blur();
  scrollTo(0, 0);
  // Targets of at least 24 pixels, but for links in a sentence (WCAG 2.2, 2.5.8).
  for (const e of all("a:not(.skip), button, summary, input:not([type=hidden])")) {
    const box = e.getBoundingClientRect();
    if (!e.checkVisibility() || e.type === "radio" || e.closest("p.lead, dd, p:not([class])")) continue;
    const least = Math.min(box.width, box.height);
    if (least < 23.9) say("target of " + Math.round(least), e);
  }
  // The focus follows the eye down the page, and never goes up (WCAG 2.4.3).
  const stops = all("header a, header button, main a, main button, main summary")
    .filter((e) => e.checkVisibility()).map((e) => [e, e.getBoundingClientRect()]);
  stops.slice(1).forEach(([e, box], i) => {
    const before = stops[i][1];
    if (box.bottom <= before.top) say("focus goes up", e);
  });
  return problems;
})()`
