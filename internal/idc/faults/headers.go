package faults

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// headers are normal answers with odd headers, or from a wrong clock.
func headers() []Fault {
	ignore := "ignore it"
	return []Fault{
		{
			Name: "many-headers", Value: "headers (10000)", Routes: "portal", start: manyHeaders,
			Does: "adds 10,000 headers to the answer", Client: "bound headers",
		},
		{
			Name: "long-header", Value: "bytes (1000000)", Routes: "portal", start: longHeader, Does: "adds a header of 1 MB",
			Client: "bound headers",
		},
		{
			Name: "cookie-flood", Value: "cookies (100)", Routes: "all", start: cookies, Does: "sets 100 cookies",
			Client: "keep none: AWS's APIs set no cookies",
		},
		{
			Name: "alt-svc", Routes: "all", start: adds("Alt-Svc", `h3="elsewhere.example.com:443"; ma=86400`),
			Does: "names another server in Alt-Svc", Client: ignore,
		},
		{
			Name: "hsts", Routes: "all",
			start: adds("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
			Does:  "asks for https only, on an address of this machine", Client: ignore,
		},
		{
			Name: "date", Value: "a duration, as -87600h (87600h)", Routes: "all", start: date,
			Does: "has a Date header that is 10 years off", Client: ignore + ", or bound how far it may correct the clock",
		},
		{
			Name: "clock", Value: "a duration, as -10m (1h)", Routes: "all", start: clock,
			Does: "has a clock that is an hour fast, or as given: Date and the ends of role credentials and registrations " +
				"are off",
			Client: "measure lifetimes by its own clock where possible, and warn about the difference",
		},
	}
}

// withHeaders adds headers to the answer.
func withHeaders(add func(c *call, h http.Header)) func(c *call) {
	return func(c *call) {
		add(c, c.w.Header())
		c.next.ServeHTTP(c.w, c.r)
	}
}

func adds(name, value string) starter {
	return always(withHeaders(func(_ *call, h http.Header) { h.Set(name, value) }))
}

func manyHeaders(value string) (behaviour, error) {
	n, err := number(value, 10_000, 1_000_000)
	return behaviour{answer: withHeaders(func(_ *call, h http.Header) {
		for i := range n {
			h.Set("X-Played-"+strconv.Itoa(i), "played")
		}
	})}, err
}

func longHeader(value string) (behaviour, error) {
	n, err := number(value, megabyte, 100*megabyte)
	return behaviour{answer: withHeaders(func(_ *call, h http.Header) { h.Set("X-Played", filled(n)) })}, err
}

func cookies(value string) (behaviour, error) {
	n, err := number(value, 100, 100_000)
	return behaviour{answer: withHeaders(func(_ *call, h http.Header) {
		for i := range n {
			h.Add("Set-Cookie", "played"+strconv.Itoa(i)+"=1; Path=/")
		}
	})}, err
}

// duration reads a duration, which may be negative.
func duration(value string, standard time.Duration) (time.Duration, error) {
	if value == "" {
		return standard, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		err = fmt.Errorf("%q is not a duration", value)
	}
	return d, err
}

func (c *call) dated(h http.Header, d time.Duration) {
	h.Set("Date", c.player.now().Add(d).UTC().Format(http.TimeFormat))
}

func date(value string) (behaviour, error) {
	d, err := duration(value, 10*365*24*time.Hour)
	return behaviour{answer: withHeaders(func(c *call, h http.Header) { c.dated(h, d) })}, err
}

// clock shifts all times in an answer. Lifetimes in seconds do not depend on a clock.
func clock(value string) (behaviour, error) {
	d, err := duration(value, time.Hour)
	return behaviour{answer: func(c *call) {
		a := c.well()
		c.dated(a.header, d)
		if m, ok := decode(a.body); ok {
			for key, unit := range map[string]time.Duration{
				"expiration": time.Millisecond, "clientIdIssuedAt": time.Second,
				"clientSecretExpiresAt": time.Second,
			} {
				objects(m, func(m map[string]any) {
					if at, err := strconv.ParseInt(fmt.Sprint(m[key]), 10, 64); err == nil {
						m[key] = at + int64(d/unit)
					}
				})
			}
			a.body = encode(m)
		}
		c.send(a)
	}}, err
}

// redirects are 3xx answers where AWS sends none.
func redirects() []Fault {
	stay := "not follow it: secrets go nowhere else"
	elsewhere := "https://elsewhere.example.com/"
	return []Fault{
		{
			Name: "redirect", Value: "an address (https://elsewhere.example.com/)", Routes: "token+refresh",
			start: redirect(302, elsewhere), Does: "sends the client to another host with 302", Client: stay,
		},
		{
			Name: "redirect-body", Value: "an address (https://elsewhere.example.com/)", Routes: "token+refresh",
			start: redirect(307, elsewhere), Does: "sends the client, with its body, to another host with 307", Client: stay,
		},
		{
			Name: "redirect-loop", Routes: "portal", start: always(func(c *call) { c.redirect(302, c.r.URL.RequestURI()) }),
			Does: "sends the client back to the same address with 302, forever", Client: stay,
		},
		{
			Name: "redirect-to-http", Routes: "portal", start: always(func(c *call) {
				c.redirect(307, "http://"+c.r.Host+c.r.URL.RequestURI())
			}),
			Does: "sends the client to the same host without TLS", Client: stay,
		},
		{
			Name: "redirect-inside", Value: "file or metadata (metadata)", Routes: "portal", start: redirectInside,
			Does: "redirects to a file, or to the metadata address of virtual machines", Client: stay,
		},
		{
			Name: "redirect-to-name", Routes: "portal",
			start: always(func(c *call) {
				c.redirect(307, "http://rebinding.example.com:"+portOf(c.r.Host)+c.r.URL.RequestURI())
			}),
			Does: "sends the client to a name that may mean this machine the second time it is looked up: a server cannot " +
				"change look-ups itself",
			Client: stay + "; check the address that is dialled, not the name",
		},
		{
			Name: "wrong-issuer", Routes: "authorize", able: "authorize", start: always(wrongIssuer),
			Does:   "sends the browser back with a foreign iss parameter (RFC 9207)",
			Client: "ignore it, as AWS sends none, or refuse the answer",
		},
	}
}

func (c *call) redirect(status int, to string) {
	c.send(answer{status, http.Header{"Location": {to}}, nil})
}

func redirect(status int, standard string) starter {
	return func(value string) (behaviour, error) {
		if value == "" {
			value = standard
		}
		var err error
		if strings.ContainsAny(value, "\r\n\x00") {
			err = fmt.Errorf("an address cannot contain line breaks")
		}
		return behaviour{answer: func(c *call) { c.redirect(status, value) }}, err
	}
}

func redirectInside(value string) (behaviour, error) {
	to, err := choose(value,
		[]choice{
			{"metadata", "http://169.254.169.254/latest/meta-data/iam/security-credentials/"}, {"file", "file:///etc/passwd"},
		})
	return behaviour{answer: func(c *call) { c.redirect(302, to.(string)) }}, err
}

func portOf(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		return host[i+1:]
	}
	return "80"
}

func wrongIssuer(c *call) {
	a := c.well()
	if to := a.header.Get("Location"); strings.Contains(to, "code=") {
		a.header.Set("Location", to+"&iss=https%3A%2F%2Felsewhere.example.com")
	}
	c.send(a)
}
