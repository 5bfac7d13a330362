//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// theSite builds the site once, into a folder of its own.
var theSite = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(bin, "site")
	out, err := compiling("run", "rolecall/internal/tools/site", dir).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

// siteFolder returns the folder of the site, and the names of its pages.
func siteFolder(t *testing.T) (dir string, pages []string) {
	t.Helper()
	dir, err := theSite()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(found) < 20 {
		t.Fatalf("%d pages, %v", len(found), err)
	}
	for _, page := range found {
		pages = append(pages, filepath.Base(page))
	}
	return dir, pages
}

// siteChecks is the folder with the programs that check the site; scripts/needs installs them.
const siteChecks = "testdata/site"

// html-validate has nothing to say about any page.
func TestTheSiteIsValidHTML(t *testing.T) {
	dir, _ := siteFolder(t)
	checkHTML(t, ".htmlvalidate.json", dir)
}

// checkHTML has html-validate look at the pages in a folder.
func checkHTML(t *testing.T, config, dir string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "node_modules/html-validate/bin/html-validate.mjs",
		"--config", config, dir+"/*.html")
	cmd.Dir = siteChecks
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// axe runs rules of WCAG 2.2 and of axe's own good practice, and returns a line for each element that breaks one.
const axe = `axe.run(document, {resultTypes: ["violations"], ...%s}).then(found => found.violations.flatMap(
	rule => rule.nodes.map(n => [rule.id, n.target.join(" "), n.failureSummary.replaceAll("\n", ";")].join(": "))))`

// shifts adds up how far the page has moved while it was loaded.
const shifts = `new Promise(done => {
	let sum = 0;
	new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })
		.observe({type: "layout-shift", buffered: true});
	requestAnimationFrame(() => setTimeout(() => done(sum), 50));
})`

// Each page of the site, on a wide and on a narrow screen, light and dark: no barrier that axe knows, nothing that is
// too wide, nothing that moves while it is loaded.
func TestHowTheSiteLooks(t *testing.T) {
	dir, pages := siteFolder(t)
	rules, err := os.ReadFile(filepath.Join(siteChecks, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatalf("%v\nsh scripts/needs installs it", err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	browser := aBrowser(t)
	for _, l := range []struct {
		name          string
		width, height int64
	}{{"wide", 1280, 860}, {"narrow", 360, 740}} {
		do(browser, t, chromedp.EmulateViewport(l.width, l.height))
		for _, page := range pages {
			where := page + " " + l.name
			do(browser, t, inTheme("light"), chromedp.Navigate(server.URL+"/"+page))
			if moved, err := evaluate[float64](browser, shifts); err != nil || moved > 0 {
				t.Errorf("%s moves by %v: %v", where, moved, err)
			}
			if wide, err := evaluate[int](browser, `document.documentElement.scrollWidth - innerWidth`); err != nil || wide > 0 {
				t.Errorf("%s is %d pixels too wide: %v", where, wide, err)
			}
			if _, err := evaluate[int](browser, string(rules)+";0"); err != nil {
				t.Fatal(err)
			}
			name := "site-" + strings.TrimSuffix(page, ".html") + "-" + l.name
			checkWithAxe(browser, t, where, "{}")
			lookAtSite(browser, t, name+"-light")
			do(browser, t, inTheme("dark")) // only the colours differ
			checkWithAxe(browser, t, where+" dark", `{runOnly: ["color-contrast"]}`)
			lookAtSite(browser, t, name+"-dark")
		}
	}
}

// lookAtSite keeps a picture, if somebody wants to look.
func lookAtSite(browser context.Context, t *testing.T, name string) {
	t.Helper()
	if screenshots() != "" {
		shoot(browser, t, name)
	}
}

func checkWithAxe(browser context.Context, t *testing.T, where, options string) {
	t.Helper()
	problems, err := evaluate[[]string](browser, fmt.Sprintf(axe, options))
	if err != nil {
		t.Errorf("%s: %v", where, err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", where, p)
	}
}

// From a folder, without a server: search finds a message, its result leads there, and the colours that a person has
// chosen stay on the next page. The menu of a narrow screen needs no script, and has no barriers.
func TestTheSitesScript(t *testing.T) {
	dir, _ := siteFolder(t)
	rules, err := os.ReadFile(filepath.Join(siteChecks, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	browser := aBrowser(t, chromedp.Flag("allow-file-access-from-files", false))
	do(browser, t, chromedp.EmulateViewport(360, 740), inTheme("light"), chromedp.Navigate("file://"+dir+"/index.html"),
		chromedp.Click(".theme"), chromedp.SendKeys("#search", "Session token not found"),
		chromedp.WaitVisible(".found a"))
	for what, script := range map[string]string{
		"the first result":   `document.querySelector(".found a").getAttribute("href").startsWith("troubleshooting.html#")`,
		"what is announced":  `/^\d+ results?$/.test(document.querySelector("[role=status]").textContent)`,
		"the chosen colours": `document.documentElement.dataset.theme === "dark"`,
	} {
		if ok, err := evaluate[bool](browser, script); err != nil || !ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := evaluate[int](browser, string(rules)+";0"); err != nil {
		t.Fatal(err)
	}
	checkWithAxe(browser, t, "search", "{}")
	do(browser, t, chromedp.SendKeys("#search", "\r"), chromedp.WaitVisible(`//h1[text()="Troubleshooting"]`))
	theme, err := evaluate[string](browser, `getComputedStyle(document.body).colorScheme + localStorage.theme`)
	if err != nil || theme != "darkdark" {
		t.Errorf("the next page is %q: %v", theme, err)
	}
	do(browser, t, withoutScript(), chromedp.Navigate("file://"+dir+"/start.html"), chromedp.Click(".menu"),
		chromedp.WaitVisible(`#menu a[href="commands.html"]`), chromedp.Click(`#menu a[href="commands.html"]`),
		chromedp.WaitVisible(`//h1[text()="Commands"]`))
}

// By keyboard, the results follow the search; they close when the focus leaves them, and are there again when it comes
// back. What was copied is announced. Tables are tab stops where they scroll. On the smallest screen, there is room
// beside the menu for a tap that closes it.
func TestTheSiteGetsOutOfTheWay(t *testing.T) {
	dir, _ := siteFolder(t)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	browser := aBrowser(t)
	focus := func(selector string) chromedp.Action[chromedp.Void] {
		return chromedp.Evaluate[chromedp.Void](`document.querySelector("` + selector + `").focus()`)
	}
	do(browser, t, chromedp.EmulateViewport(320, 740), chromedp.Navigate(server.URL+"/start.html"),
		chromedp.SendKeys("#search", "session token"), chromedp.WaitVisible(".found a"),
		chromedp.KeyEvent(kb.Tab), chromedp.WaitVisible(".found a:focus"),
		focus(".theme"), chromedp.WaitNotVisible(".found"), focus("#search"), chromedp.WaitVisible(".found a"))
	said, err := evaluate[string](browser, `navigator.clipboard.writeText = async () => {};
		document.querySelector(".code button").click();
		new Promise(done => setTimeout(() => done(document.querySelector("[role=status]").textContent)))`)
	if err != nil || said != "Copied" {
		t.Errorf("a copy is announced as %q: %v", said, err)
	}
	const table = `(//div[@class="table"])[1]`
	do(browser, t, chromedp.Navigate(server.URL+"/performance.html"),
		chromedp.WaitVisible(table+`[@tabindex="0"][@role="region"][@aria-label="Performance"]`),
		chromedp.EmulateViewport(1280, 740), chromedp.WaitVisible(table+`[not(@tabindex)][not(@role)]`),
		chromedp.EmulateViewport(320, 740))
	do(browser, t, chromedp.Click(".menu"), chromedp.WaitVisible("#menu a"))
	room, err := evaluate[float64](browser, `innerWidth - document.querySelector("#menu").getBoundingClientRect().right`)
	if err != nil || room < 24 {
		t.Errorf("there are %v pixels beside the menu: %v", room, err)
	}
}

// withoutScript switches the scripts of pages off.
func withoutScript() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
			emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}

// evaluate runs a script that returns a promise or a value.
func evaluate[T any](browser context.Context, script string) (T, error) {
	return chromedp.Run(browser, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}
