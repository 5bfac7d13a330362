package website

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A view is the data of every page.
type view struct {
	Name   string // of the page's template
	Title  string
	Layout string // "card" or "wide"
	Home   string
	Region string // on the start page, where clients look for it
	Person *person
	Admin  bool   // the administrator is signed in to this page
	Wrong  bool   // what was filled in was refused: the title says so first
	Form   string // the form token
	Page   any
}

// wide lists the pages with lists; the others are cards.
var wide = map[string]bool{"portal.html": true, "keys.html": true, "arrived.html": true}

// render writes a page. formAction lists further origins that its forms may lead to.
func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, name, title string, page any,
	formAction ...string,
) {
	v := view{Title: title, Layout: "card", Home: entrance, Page: page}
	if wide[name] {
		v.Layout = "wide"
	}
	if name == "start.html" {
		v.Region = s.o.Region
	}
	if form, asks := page.(interface{ wrong() bool }); asks {
		v.Wrong = form.wrong()
	}
	if strings.HasPrefix(r.URL.Path, entrance) { // elsewhere no cookie comes, and there are no forms
		v.Form = s.formToken(r, s.visitor(w, r))
		if who, err := s.person(r); err == nil {
			v.Person, v.Home = &who, s.homeOf(who.Session.ID)
		}
	}
	s.write(w, status, name, v, formAction...)
}

func (s *Site) write(w http.ResponseWriter, status int, name string, v view, formAction ...string) {
	v.Name = name
	var b strings.Builder
	if err := s.pages.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	secure(w.Header(), formAction...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String()))
}

// secure sets the headers of every page. Chromium also applies form-action to redirects that answer a form. connect-src
// is for the script's searches.
func secure(h http.Header, formAction ...string) {
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action "+
			strings.Join(append([]string{"'self'"}, formAction...), " ")+"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
}

// Message is a page with just a text.
func (s *Site) Message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.render(w, r, status, "message.html", title, text)
}

// NotFound is the page for an address that leads nowhere.
func (s *Site) NotFound(w http.ResponseWriter, r *http.Request) {
	s.Message(w, r, http.StatusNotFound, "This page does not exist", "Check the address, or start again.")
}

// broken is the page for a failure of our own.
func (s *Site) broken(w http.ResponseWriter, r *http.Request) {
	s.Message(w, r, http.StatusInternalServerError, "Something went wrong",
		"The directory could not be read or written. See the server's log.")
}

// words are the functions of templates.
func (s *Site) words() template.FuncMap {
	return template.FuncMap{
		"asset": s.assets.address,
		"utc":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ago":   func(t time.Time) string { return apart(s.o.Now().Sub(t), " ago") },
		"left":  func(t time.Time) string { return apart(t.Sub(s.o.Now()), "") },
		"last":  func(d time.Duration) string { return apart(d, "") },
		"count": count,
		"lower": strings.ToLower,
		// act and box make the data of the templates with the same names.
		"act": func(home, place string, role roleView) actView { return actView{home, place + "-" + role.Of(), role} },
		"box": func(id, name, content string) text { return text{ID: id, Name: name, Text: content} },
	}
}

// apart describes a duration roughly.
func apart(d time.Duration, suffix string) string {
	switch {
	case d < 5*time.Second && suffix != "":
		return "just now"
	case d < 90*time.Second:
		return count(int(d.Seconds()), "second") + suffix
	case d < 59*time.Minute+30*time.Second:
		return count(int(d.Round(time.Minute).Minutes()), "minute") + suffix
	case d < 10*time.Hour:
		d = d.Round(time.Minute)
		text := count(int(d.Hours()), "hour")
		if minutes := int(d.Minutes()) % 60; minutes > 0 {
			text += " " + count(minutes, "minute")
		}
		return text + suffix
	case d < 48*time.Hour:
		return count(int(d.Round(time.Hour).Hours()), "hour") + suffix
	}
	return count(int(d.Hours()/24), "day") + suffix
}

// count returns a number and what is counted: 1 account, 2,000 accounts.
func count(n int, what string) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	if n != 1 {
		what += "s"
	}
	return text + " " + what
}
