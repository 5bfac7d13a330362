package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
)

// How a region was found.
const (
	FromHost = "the host name"
	FromPage = "the start page"
)

// A Found is an access portal with its region.
type Found struct {
	StartURL string // to configure: AWS's, also when a person's own host led there
	Region   string
	From     string // FromHost or FromPage
}

// ErrNoRegion is returned for a start page that does not name its region.
var ErrNoRegion = errors.New("found no region there")

// An ElsewhereError is a redirect that does not lead to an AWS access portal.
type ElsewhereError struct{ StartURL, To string }

// Error names both ends, the second without path and query.
func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("%s redirects to %s, which is not an AWS access portal", e.StartURL, e.To)
}

const (
	timeout = 10 * time.Second // in all
	maxPage = 1 << 20          // bytes of a start page
	maxHops = 3                // redirects between AWS's own hosts
)

// Region finds the region of a start URL, as it is configured: from its host, else from its start page. A
// host that is not AWS's must lead to an AWS access portal by one redirect. asker must not follow redirects, and
// must bound answers; see client.NewHTTP. Errors are ErrNoRegion, an *ElsewhereError, or an APIError of the network.
func Region(ctx context.Context, asker *http.Client, startURL string) (Found, error) {
	return ofAWS().find(ctx, asker, startURL)
}

// Issuer returns the start URL that AWS knows: startURL itself if its host is AWS's, else the one to which its single
// redirect leads. Region is the one that the host holds, or "". Nothing is asked where the host is AWS's, or this
// machine's over http. asker and errors are those of Region.
func Issuer(ctx context.Context, asker *http.Client, startURL string) (Found, error) {
	return ofAWS().issuer(ctx, asker, startURL)
}

func (p portals) find(ctx context.Context, asker *http.Client, startURL string) (Found, error) {
	ctx, cancel := bounded(ctx, startURL)
	defer cancel()
	found, err := p.issuer(ctx, asker, startURL)
	if err != nil || found.Region != "" {
		return found, err
	}
	page, err := p.startURL(found.StartURL)
	if err != nil {
		return found, err
	}
	u, err := url.Parse(page)
	if err != nil {
		return found, err
	}
	found.From = FromPage
	found.Region, err = finder{p, ctx, asker}.page(u)
	return found, err
}

func bounded(ctx context.Context, startURL string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, timeout, &identitycenter.APIError{
		Operation: "the start page at " + startURL, Endpoint: startURL, Kind: identitycenter.ErrUnavailable,
		Description: fmt.Sprintf("no answer within %s", timeout),
	})
}

func (p portals) issuer(ctx context.Context, asker *http.Client, startURL string) (Found, error) {
	ctx, cancel := bounded(ctx, startURL)
	defer cancel()
	u, err := url.Parse(startURL)
	if err != nil {
		return Found{}, &StartURLError{startURL, "it is not an address"}
	}
	host := strings.ToLower(u.Hostname())
	local := identitycenter.IsLoopback(host)
	if p.has(host) || local && u.Scheme != "https" {
		return Found{StartURL: startURL, Region: p.StartRegion(host), From: FromHost}, nil
	}
	to, err := finder{p, ctx, asker}.vanity(u)
	var elsewhere *ElsewhereError
	switch {
	case local && (errors.Is(err, ErrNoRegion) || errors.As(err, &elsewhere) && elsewhere.To == "https://"+u.Host):
		return Found{StartURL: startURL}, nil // a server on this machine that has its own pages
	case err != nil:
		return Found{}, err
	}
	issuer, err := p.startURL(to.String())
	if err != nil { // at a host of AWS, but no access portal
		return Found{}, &ElsewhereError{startURL, origin(to) + to.Path}
	}
	return Found{StartURL: issuer, Region: p.StartRegion(to.Hostname()), From: FromHost}, nil
}

// OfHost returns the region that a host of AWS has in its name, or "".
func OfHost(host string) string { return ofAWS().StartRegion(host) }

// IsDualStack reports whether host is that of an instance's dual-stack start URL, ID.portal.REGION.app.aws, which
// people with IPv6 reach, too.
func IsDualStack(host string) bool {
	host = strings.ToLower(host)
	p := ofAWS()
	return p.StartRegion(host) != "" && !strings.HasPrefix(p.StartDomain(host), "portal.")
}

// A finder makes the requests for one start URL.
type finder struct {
	portals
	ctx   context.Context
	asker *http.Client
}

// get requests an address, without cookie or token.
func (f finder) get(method string, u *url.URL) (*http.Response, error) {
	r, err := http.NewRequestWithContext(f.ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("User-Agent", "rolecall")
	answer, err := f.asker.Do(r)
	if err != nil {
		return nil, client.Translate(f.ctx, "the start page at "+origin(u), origin(u), err)
	}
	return answer, nil
}

// vanity follows the single redirect of a host that is not AWS's.
func (f finder) vanity(from *url.URL) (*url.URL, error) {
	answer, err := f.get(http.MethodHead, from)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close()
	if answer.StatusCode == http.StatusMethodNotAllowed || answer.StatusCode == http.StatusNotImplemented {
		if answer, err = f.get(http.MethodGet, from); err != nil {
			return nil, err
		}
		_ = answer.Body.Close()
	}
	if err := unavailable(from, answer.StatusCode); err != nil {
		return nil, err
	}
	to := redirect(answer)
	if to == nil {
		return nil, fmt.Errorf("%s is not an AWS access portal, and does not redirect to one (HTTP status %d): %w",
			from, answer.StatusCode, ErrNoRegion)
	}
	if to.Scheme != "https" || to.User != nil || to.Port() != "" && to.Port() != "443" ||
		!f.has(strings.ToLower(to.Hostname())) {
		return nil, &ElsewhereError{from.String(), origin(to)}
	}
	return to, nil
}

// redirect returns where an answer leads, or nil.
func redirect(answer *http.Response) *url.URL {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		if to, err := answer.Location(); err == nil {
			return to
		}
	}
	return nil
}

// origin returns the scheme and host of an address.
func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

func unavailable(u *url.URL, status int) error {
	kind := identitycenter.ErrUnavailable
	switch {
	case status == http.StatusTooManyRequests:
		kind = identitycenter.ErrThrottled
	case status < 500 || status == http.StatusNotImplemented:
		return nil
	}
	return &identitycenter.APIError{
		Operation: "the start page at " + origin(u), Endpoint: origin(u), Status: status, Kind: kind,
		Description: fmt.Sprintf("HTTP status %d", status),
	}
}

// page reads the region that the start page names. Redirects are followed between AWS's hosts, and within a
// server on this machine.
func (f finder) page(u *url.URL) (string, error) {
	first := u
	for range maxHops + 1 {
		answer, err := f.get(http.MethodGet, u)
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
		_ = answer.Body.Close()
		if err != nil {
			return "", client.Translate(f.ctx, "the start page at "+origin(u), origin(u), err)
		}
		if err := unavailable(u, answer.StatusCode); err != nil {
			return "", err
		}
		to := redirect(answer)
		if to == nil {
			return f.regionOfPage(first, answer.StatusCode, body)
		}
		local := to.Scheme == u.Scheme && to.Host == u.Host && identitycenter.IsLoopback(u.Hostname())
		if !local && (to.Scheme != "https" || to.User != nil || !f.has(strings.ToLower(to.Hostname()))) {
			return "", &ElsewhereError{first.String(), origin(to)}
		}
		if region := f.StartRegion(to.Hostname()); region != "" {
			return region, nil
		}
		u = to
	}
	return "", fmt.Errorf("%s: more than %d redirects: %w", first, maxHops, ErrNoRegion)
}

func (p portals) regionOfPage(u *url.URL, status int, body []byte) (string, error) {
	region := metaRegion(string(body))
	of, ok := p.OfRegion(region)
	domain := p.StartDomain(strings.ToLower(u.Hostname()))
	switch {
	case region == "" && status != http.StatusOK:
		return "", fmt.Errorf("%s: HTTP status %d: %w", u, status, ErrNoRegion)
	case region == "":
		return "", fmt.Errorf("the page at %s: %w", u, ErrNoRegion)
	case !ok:
		return "", fmt.Errorf("the page at %s names %.32q as its region: %w", u, region, ErrNoRegion)
	case domain != "" && !of.HasStartDomain(domain):
		return "", fmt.Errorf("the page at %s names the region %s, which is in another partition: %w",
			u, region, ErrNoRegion)
	}
	return region, nil
}
