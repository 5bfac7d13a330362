//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/proof"
)

// signIn signs people in, as the viewer and as the administrator.
func (h *hostileWorld) signIn(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.people = &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	id, secret := h.current().STS.Administrator()
	h.fill(t, "sign-in", url.Values{"user": {"mallory"}, "password": {"correct-horse-mallory"}})
	h.fill(t, "admin/sign-in", url.Values{"key": {id}, "secret": {secret}})
}

// path returns the whole path of a page; one without a leading slash is below that of a session.
func (h *hostileWorld) path(path string) string {
	switch {
	case strings.HasPrefix(path, "/"):
		return path
	case strings.HasSuffix(path, "sign-in"):
		return "/ui/" + path
	case strings.HasPrefix(path, "admin/"):
		return h.adminHome + path
	}
	return h.home + path
}

// page returns the HTML at a path, as path reads it.
func (h *hostileWorld) page(t *testing.T, path string) string {
	t.Helper()
	answer, err := h.people.Get(h.url + h.path(path))
	if err != nil {
		t.Fatal(err)
	}
	return bodyOf(t, answer)
}

func bodyOf(t *testing.T, answer *http.Response) string {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

var formToken = regexp.MustCompile(`name="form" value="([^"]*)"`)

// fill sends the last form of a page.
func (h *hostileWorld) fill(t *testing.T, path string, form url.Values) string {
	t.Helper()
	tokens := formToken.FindAllStringSubmatch(h.page(t, path), -1)
	if len(tokens) == 0 {
		t.Fatalf("%s has no form", path)
	}
	form.Set("form", tokens[len(tokens)-1][1])
	answer, err := h.people.PostForm(h.url+h.path(strings.SplitN(path, "?", 2)[0]), form)
	if err != nil {
		t.Fatal(err)
	}
	switch to := answer.Header.Get("Location"); path {
	case "sign-in":
		h.home = to
	case "admin/sign-in":
		h.adminHome = strings.TrimSuffix(to, "admin/")
	}
	return bodyOf(t, answer)
}

// callViewer renames the viewer.
func (h *hostileWorld) callViewer(t *testing.T, name string) {
	t.Helper()
	h.viewer.DisplayName = name
	if err := h.data.Store.Update(t.Context(),
		func(tx store.Tx) error { return directory.Users().Put(tx, h.viewer) }); err != nil {
		t.Fatal(err)
	}
}

// A sheet is one page about one name: its HTML, and the texts that it must show.
type sheet struct {
	body string
	want []string
}

// kinds returns the pages about one thing, each with the way to get it.
func (h *hostileWorld) kinds() map[string]func(t *testing.T, i int) sheet {
	ofRole := func(i int) string {
		return url.Values{"account_id": {h.account(i)}, "role_name": {h.set(i)}}.Encode()
	}
	return map[string]func(t *testing.T, i int) sheet{
		"keys asked": func(t *testing.T, i int) sheet {
			h.callViewer(t, h.names[i])
			return sheet{h.page(t, "keys?"+ofRole(i)), []string{h.names[i]}}
		},
		"keys": func(t *testing.T, i int) sheet {
			return sheet{h.fill(t, "keys?"+ofRole(i), url.Values{"role": {h.account(i) + "/" + h.set(i)}}), []string{h.names[i]}}
		},
		"console": func(t *testing.T, i int) sheet {
			return sheet{h.page(t, "console?"+ofRole(i)+"&destination="+url.QueryEscape(h.names[i])), []string{h.names[i]}}
		},
		"arrived": func(t *testing.T, i int) sheet {
			return sheet{h.page(t, h.arrivedPath(t, h.names[i])), []string{h.names[i], "/" + h.names[i]}}
		},
		"consent": func(t *testing.T, i int) sheet {
			h.callViewer(t, h.names[i])
			return sheet{h.page(t, h.consentPath(t, clientName(h.names[i]))), []string{clientName(h.names[i]), h.names[i]}}
		},
		"device": func(t *testing.T, i int) sheet {
			return sheet{
				h.page(t, "device?user_code="+aDeviceLogin(t, h.world, clientName(h.names[i])).UserCode),
				[]string{clientName(h.names[i])},
			}
		},
		"wrong code": func(t *testing.T, i int) sheet {
			return sheet{h.page(t, "device?user_code="+url.QueryEscape(h.names[i]+"!")), nil}
		},
		"user": func(t *testing.T, i int) sheet {
			return sheet{h.page(t, "admin/user?id="+h.id(i)), []string{h.tagged(i), h.names[i]}}
		},
		"group": func(t *testing.T, i int) sheet {
			return sheet{h.page(t, "admin/group?id="+h.id(i)), []string{h.tagged(i), h.names[i]}}
		},
		"account": func(t *testing.T, i int) sheet {
			return sheet{h.page(t, "admin/account?id="+h.account(i)), []string{h.names[i]}}
		},
	}
}

// clientName returns a name that a client may register.
func clientName(name string) string {
	const most = 256
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "")
	}
	return name
}

// Each page about one thing, with hostile names. Loading thousands of pages takes minutes, so a harness shows many at
// once, in frames: there the pages have their policy in a meta element, since they refuse to be framed, and omit the
// files that all share. Each page is tested with a different fifth of the names; with ROLECALL_HOSTILE=all, as in
// make soak, with all of them.
func TestHostileNamesInPages(t *testing.T) {
	t.Parallel()
	h := aHostileWorld(t)
	h.signIn(t)
	var batch string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		_, _ = io.WriteString(w, batch)
	}))
	t.Cleanup(server.Close)
	kinds := h.kinds()
	for k, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Run(kind, func(t *testing.T) {
			ctx := watched(t) // too many for one tab of Chromium
			shape := ""
			for numbers := range slices.Chunk(h.share(k), inBatch) {
				sheets := make([]sheet, len(numbers))
				for j, i := range numbers {
					sheets[j] = kinds[kind](t, i)
				}
				batch = inFrames(t, sheets)
				do(ctx, t, chromedp.Navigate(server.URL))
				shape = checkFrames(ctx, t, sheets, shape)
				proof.Note(t, "names", len(sheets), len(sheets))
			}
		})
	}
}

// share returns the numbers of the names for the k-th kind of page.
func (h *hostileWorld) share(k int) []int {
	step := 5
	if os.Getenv("ROLECALL_HOSTILE") == "all" {
		step = 1
	}
	var numbers []int
	for i := k % step; i < len(h.names); i += step {
		numbers = append(numbers, i)
	}
	return numbers
}

const inBatch = 50

// policyInMeta is the header's policy, without what only a header can set.
const policyInMeta = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' " +
	"data:; form-action 'self'; base-uri 'none'"

// files matches the script and the style sheet of a page.
var files = regexp.MustCompile(`<link rel="(?:stylesheet|icon)"[^>]*>|<script src=[^>]*></script>`)

func inFrames(t *testing.T, sheets []sheet) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<!doctype html><html><head><link rel="icon" href="data:,"></head><body>`)
	for _, s := range sheets {
		if strings.Count(s.body, "<head>") != 1 {
			t.Errorf("no page: %.200s", s.body)
		}
		page := files.ReplaceAllString(s.body, "")
		body := strings.Replace(page, "<head>", `<head><meta http-equiv="Content-Security-Policy" content="`+policyInMeta+
			`">`, 1)
		fmt.Fprintf(&b, `<iframe hidden srcdoc="%s"></iframe>`, html.EscapeString(body))
	}
	return b.String()
}

// checkFrames checks that each frame has the texts of its sheet, and the same elements and attributes as all others:
// mere text adds none.
func checkFrames(ctx context.Context, t *testing.T, sheets []sheet, shape string) string {
	t.Helper()
	nothingRan(ctx, t, "frames")
	var seen []struct{ Text, Shape string }
	found, err := chromedp.Run(ctx,
		chromedp.Evaluate[string](`JSON.stringify([...document.querySelectorAll("iframe")].map((f) => ({
  Text: f.contentDocument.documentElement.textContent,
  Shape: [...f.contentDocument.querySelectorAll("*")]
    .map((e) => e.localName + "[" + e.getAttributeNames().sort() + "]").join(" "),
})))`))
	if err == nil {
		err = json.Unmarshal([]byte(found), &seen)
	}
	if err != nil || len(seen) != len(sheets) {
		t.Fatalf("%d frames of %d: %v", len(seen), len(sheets), err)
	}
	for i, s := range sheets {
		for _, want := range s.want {
			if !strings.Contains(seen[i].Text, asText(want)) {
				t.Errorf("the page does not say %q", want)
			}
		}
		if shape == "" {
			shape = seen[i].Shape
		}
		if got := seen[i].Shape; got != shape {
			n := 0
			for n < min(len(got), len(shape)) && got[n] == shape[n] {
				n++
			}
			t.Errorf("%q makes other elements: …%.120s", s.want, got[max(0, n-40):])
		}
	}
	return shape
}

// The check works: a page that lets a name become markup fails.
func TestTheHostileNamesTestSees(t *testing.T) {
	ctx := watched(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/policy" {
			w.Header().Set("Content-Security-Policy", policyInMeta)
		}
		_, _ = io.WriteString(w, `<!doctype html><html><head><link rel="icon" href="data:,"></head>`+
			`<body><script>alert(1)</script><img src=x onerror="canary(2)">`)
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]string{"/": "alert(1)", "/policy": "policy: script-src-elem inline"} {
		do(ctx, t, chromedp.Navigate(server.URL+path))
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`window.found`))
		if err != nil || !slices.ContainsFunc(found, func(text string) bool { return strings.HasPrefix(text, want) }) {
			t.Errorf("%s: saw %q, %v", path, found, err)
		}
	}
}
