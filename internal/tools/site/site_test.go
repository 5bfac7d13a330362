package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/tools/reference"
)

const root = "../../.."

func built(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := build(root, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The site is built, its links lead somewhere, and no page is larger than a phone likes: 100 kB with style and script,
// beside pictures.
func TestTheSite(t *testing.T) {
	files := built(t)
	pages := 0
	for name, content := range files {
		if filepath.Ext(name) != ".html" {
			continue
		}
		pages++
		if size := len(content) + len(files["site.css"]) + len(files["site.js"]) + len(files["icon.svg"]); size > 100_000 {
			t.Errorf("%s has %d bytes with what it loads", name, size)
		}
		for _, must := range []string{
			`<html lang="en">`, `<title>`, `name="description"`, `Content-Security-Policy`, "<h1>", "v1.2.3",
			`aria-current="page"`,
		} {
			if !strings.Contains(string(content), must) {
				t.Errorf("%s has no %s", name, must)
			}
		}
	}
	if pages < 20 || pages > 25 {
		t.Errorf("%d pages", pages)
	}
	for _, c := range reference.Root("").Commands {
		if !strings.Contains(string(files["commands.html"]), `id="`+c.ID()+`"`) {
			t.Errorf("the page of commands has no %s", c.Path)
		}
	}
	const short = "<dt><code>-y, --yes</code></dt>"
	if !strings.Contains(string(files["commands.html"]), short) {
		t.Errorf("the page of commands has no %s", short)
	}
}

// Search finds what a reader sees, which has no escapes of Markdown.
func TestTheSearchIndexHasNoEscapes(t *testing.T) {
	const shown = "profiles with credential_source = Environment"
	if index := built(t)["search-index.js"]; !strings.Contains(string(index), shown) {
		t.Errorf("no %q", shown)
	}
}

// Each page of docs is shown on the site.
func TestTheSiteShowsAllOfDocs(t *testing.T) {
	s, err := load(root, "v1")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if filepath.Base(file) == "guide.md" {
			continue // it is for who reads the repository; the site has a page for each of its sections
		}
		if s.targets["docs/"+filepath.Base(file)] == "" {
			t.Errorf("no page shows docs/%s: {{include …}} or {{section …}} it", filepath.Base(file))
		}
	}
}

// Two builds are the same bytes.
func TestTheSiteIsReproducible(t *testing.T) {
	one, two := built(t), built(t)
	if !maps.EqualFunc(one, two, func(a, b []byte) bool { return slices.Equal(a, b) }) {
		t.Error("two builds differ")
	}
}

// Nothing of the site asks another host for anything, in style and script either.
func TestTheSiteAsksNobodyElse(t *testing.T) {
	files := built(t)
	for _, name := range []string{"site.css", "site.js"} {
		if found := regexp.MustCompile(`https?://|url\(|@import|fetch\(|XMLHttpRequest`).Find(files[name]); found != nil {
			t.Errorf("%s: %s", name, found)
		}
	}
}

func document(body string) []byte {
	return []byte("<!DOCTYPE html><html><body>" + body + "</body></html>")
}

// A link or an anchor that leads nowhere, an anchor that is there twice, and a request to another host are errors.
func TestCheck(t *testing.T) {
	good := `<a href="b.html">b</a> <a href="#x">x</a> <h2 id="x">X</h2> <a href="https://example.com/">away</a>`
	for _, c := range []struct{ body, want string }{
		{good, ""},
		{`<a href="c.html">c</a>`, `a.html: "c.html" leads nowhere: no such file`},
		{`<a href="b.html#y">c</a>`, `a.html: "b.html#y" leads nowhere: no such anchor`},
		{`<a href="#y">c</a>`, `a.html: "#y" leads nowhere: no such anchor`},
		{`<img src="p.png" alt="">`, `a.html: "p.png" leads nowhere: no such file`},
		{`<p id="x">1</p><p id="x">2</p>`, `a.html: the anchor #x is there twice`},
		{`<img src="https://example.com/p.png" alt="">`, `a.html: asks https://example.com/p.png for something`},
		{`<script src="https://example.com/s.js"></script>`, `a.html: asks https://example.com/s.js for something`},
		{`<img src="//example.com/p.png" alt="">`, `a.html: asks //example.com/p.png for something`},
	} {
		err := check(map[string][]byte{"a.html": document(c.body), "b.html": document(`<p id="z">z</p>`)})
		if got := said(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// aSite is a checkout with one page and one file of docs.
func aSite(t *testing.T, body string) (*page, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"site/pages/a.md": "---\ntitle: A\nshort: About A.\ngroup: Start\norder: 1\n---\n" + body,
		"docs/d.md": "# Title of D\n\n## Part\n\n[a](../site/pages/a.md) [gone](x.md) [part](d.md#part) " +
			"[docs/d.md](d.md)\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := load(dir, "v1")
	if err != nil {
		return nil, err
	}
	return s.pages[0], s.convert(s.pages[0])
}

// What a page holds is shown, and means nothing in HTML; what it includes has its links corrected.
func TestConvert(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"<script>alert(1)</script>\n", "<!-- raw HTML omitted -->"},
		{"```sh\necho '<b>' # why\n```\n", `<code class="language-sh">echo &#39;&lt;b&gt;&#39;<i> # why</i></code></pre>`},
		{"```console\n$ ls <x>\nout\n```\n", `<span class="prompt">$ </span><b>ls &lt;x&gt;</b>` + "\nout"},
		{"`x --all --y`\n", `<code>x <b>--all</b> <b>--y</b></code>`},
		{"```sh aws\nx\n```\n", "under AWS"},
		{"```sh\n" + strings.Repeat("x", 60) + "\n```\n", `<pre tabindex="0">`},
		{"```sh\n" + strings.Repeat("…", 30) + "\n```\n", `<pre><code`},
		{"{{include docs/d.md}}\n", `<a href="a.html">a</a> gone <a href="a.html#part">part</a> <a href="a.html">A</a>`},
		{"{{section docs/d.md}}\n", `<a href="a.html#title-of-d">Title of D</a>`},
		{"| Message | x |\n|---|---|\n| `a`, `<b>` | *c* |\n", "" +
			"<dt><code>a</code></dt>\n<dt><code>&lt;b&gt;</code></dt>\n<dd><em>c</em>"},
		{"| Language | x | y |\n|---|---|---|\n| Deutsch | a | b |\n", `<td lang="de">a</td>` + "\n<td>b</td>"},
		{"{{section docs/d.md}}\n", `<h2 id="title-of-d">Title of D</h2>` + "\n" + `<h3 id="part">Part</h3>`},
		{"## X\n\n## X\n", `<h2 id="x-1">X</h2>`},
		{"[x](javascript:alert(1)) [y](javascript://a/%0aalert(1))\n", "<p>x y</p>"},
	} {
		p, err := aSite(t, c.body)
		if err != nil || !strings.Contains(p.html, c.want) {
			t.Errorf("%q: %v, without %q in\n%s", c.body, err, c.want, p.html)
		}
	}
	for _, body := range []string{"{{nothing}}\n", "{{include docs/none.md}}\n", "```sh hopefully\nx\n```\n"} {
		if _, err := aSite(t, body); err == nil {
			t.Errorf("%q is no error", body)
		}
	}
}
