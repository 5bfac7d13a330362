// Package visitor plays a person with a browser on the Identity Center's pages: it signs in and answers questions, over
// HTTP as a browser would. The demo and tests use it in place of a person.
package visitor

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// A Visitor is a person with a browser.
type Visitor struct {
	Client         *http.Client // nil: http.DefaultClient
	User, Password string
	Deny           bool // answer no where access is asked for
}

const maxSteps = 10

// Visit opens address, signs in, answers the question on the page, and follows to the last redirect. It returns the
// title of the final page.
func (v Visitor) Visit(ctx context.Context, address string) (title string, err error) {
	client, err := v.browser()
	if err != nil {
		return "", err
	}
	p, err := get(ctx, client, address)
	for range maxSteps {
		if err != nil {
			return "", err
		}
		answer := v.fill(p)
		if answer == nil {
			return p.title, nil
		}
		p, err = post(ctx, client, p, answer)
	}
	return p.title, errors.New("the pages never end")
}

func (v Visitor) browser() (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Jar: jar}
	if v.Client != nil {
		client.Transport = v.Client.Transport
	}
	return &client, nil
}

// fill returns the person's input for a page, or nil if the page asks nothing or rejected the last input.
func (v Visitor) fill(p page) url.Values {
	f := p.form
	switch {
	case f == nil || p.problem:
		return nil
	case f.values.Has("password"):
		f.values.Set("user", v.User)
		f.values.Set("password", v.Password)
	case f.decides:
		f.values.Set("decision", "allow")
		if v.Deny {
			f.values.Set("decision", "deny")
		}
	default:
		return nil
	}
	return f.values
}

// A page is what the person sees: its title, the form in its main part, and whether it shows a problem.
type page struct {
	address *url.URL
	title   string
	form    *form
	problem bool
}

type form struct {
	action  string
	values  url.Values
	decides bool // it has buttons to allow and deny
}

func get(ctx context.Context, client *http.Client, address string) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, err
	}
	return load(client, r)
}

func post(ctx context.Context, client *http.Client, p page, values url.Values) (page, error) {
	to, err := p.address.Parse(p.form.action)
	if err != nil {
		return page{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return page{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", to.Scheme+"://"+to.Host)
	return load(client, r)
}

func load(client *http.Client, r *http.Request) (page, error) {
	answer, err := client.Do(r)
	if err != nil {
		return page{}, err
	}
	defer answer.Body.Close()
	p := page{address: answer.Request.URL}
	// The pages are the server's own. A library of HTML would cost each start of rolecall
	// the tables that it makes at its beginning.
	tokens := xml.NewDecoder(io.LimitReader(answer.Body, 1<<20))
	tokens.Strict, tokens.AutoClose, tokens.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for within := ""; ; {
		token, err := tokens.Token()
		switch t := token.(type) {
		case xml.StartElement:
			within = t.Name.Local
			p.see(t)
		case xml.EndElement:
			within = ""
		case xml.CharData:
			if within == "title" {
				p.title, _, _ = strings.Cut(string(t), " · ")
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return p, nil
		case err != nil:
			return page{}, fmt.Errorf("page %s: %w", answer.Request.URL.Path, err)
		}
	}
}

func (p *page) see(e xml.StartElement) {
	switch e.Name.Local {
	case "form":
		p.form = &form{action: attribute(e, "action"), values: url.Values{}} // the last one is the main form
	case "input":
		if p.form != nil {
			p.form.values.Set(attribute(e, "name"), attribute(e, "value"))
		}
	case "button":
		if p.form != nil && attribute(e, "name") == "decision" {
			p.form.decides = true
		}
	case "p":
		p.problem = p.problem || attribute(e, "class") == "problem"
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
