// Package client asks IAM Identity Center: SSO OIDC and the access portal,
// through the AWS SDK. It bounds and checks every answer, and translates what
// the SDK says into the words of package identitycenter. It keeps no state and
// reads no file but a certificate bundle.
package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rolecall/internal/identitycenter"
)

// Config says which Identity Center is asked, and how.
type Config struct {
	Region    string // of the Identity Center instance
	OIDC      string // override of the SSO OIDC endpoint; empty: AWS's
	Portal    string // override of the portal endpoint; empty: AWS's
	FIPS      bool
	DualStack bool
	HTTP      *http.Client     // see NewHTTP
	Now       func() time.Time // nil: time.Now
}

// A Client asks one Identity Center. It is safe for concurrent use.
type Client struct {
	oidc      *ssooidc.Client
	portal    *sso.Client
	endpoints identitycenter.Endpoints
	now       func() time.Time
}

// New makes a client. A region that the SDK knows no endpoint for (in FIPS or
// dual-stack form) and an override that is no URL are errors.
func New(c Config) (*Client, error) {
	endpoints, err := resolve(c)
	if err != nil {
		return nil, err
	}
	checked := *c.HTTP
	checked.Transport = strict{c.HTTP.Transport}
	client := &Client{endpoints: endpoints, now: c.Now}
	if client.now == nil {
		client.now = time.Now
	}
	client.oidc = ssooidc.New(ssooidc.Options{
		Region: c.Region, BaseEndpoint: &endpoints.OIDC, HTTPClient: &checked, Retryer: Retryer(),
	})
	client.portal = sso.New(sso.Options{
		Region: c.Region, BaseEndpoint: &endpoints.Portal, HTTPClient: &checked,
		Retryer: aws.NopRetryer{}, // package access decides what is tried again
	})
	return client, nil
}

// Retryer decides what is tried again for requests that nothing else paces: OIDC and STS.
func Retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 4
		o.Backoff = retry.BackoffDelayerFunc(backoff)
		tooMany := retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}}
		o.Retryables = append(o.Retryables, tooMany)
	})
}

// backoff waits with full jitter, before the second try at most a fifth of a second
// and then twice as long each time; five times that when the service is limiting.
func backoff(attempt int, err error) (time.Duration, error) {
	longest := 100 * time.Millisecond << attempt
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusTooManyRequests {
		longest *= 5
	}
	return rand.N(longest), nil
}

// Endpoints are the two addresses in force, overrides included.
func (c *Client) Endpoints() identitycenter.Endpoints { return c.endpoints }

// Standard returns the endpoints of AWS itself for a region, without overrides.
func Standard(region string, fips, dualStack bool) (identitycenter.Endpoints, error) {
	return resolve(Config{Region: region, FIPS: fips, DualStack: dualStack})
}

func resolve(c Config) (identitycenter.Endpoints, error) {
	ctx := context.Background() // the rules are computed, nothing is asked
	e := identitycenter.Endpoints{OIDC: c.OIDC, Portal: c.Portal}
	if e.OIDC == "" {
		found, err := ssooidc.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssooidc.EndpointParameters{
			Region: &c.Region, UseFIPS: &c.FIPS, UseDualStack: &c.DualStack,
		})
		if err != nil {
			return e, fmt.Errorf("no SSO OIDC endpoint for region %q: %w", c.Region, err)
		}
		e.OIDC = found.URI.String()
	}
	if e.Portal == "" {
		found, err := sso.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sso.EndpointParameters{
			Region: &c.Region, UseFIPS: &c.FIPS, UseDualStack: &c.DualStack,
		})
		if err != nil {
			return e, fmt.Errorf("no portal endpoint for region %q: %w", c.Region, err)
		}
		e.Portal = found.URI.String()
	}
	for _, endpoint := range []*string{&e.OIDC, &e.Portal} {
		*endpoint = strings.TrimRight(*endpoint, "/")
		if err := checkEndpoint(*endpoint); err != nil {
			return e, err
		}
	}
	return e, nil
}

// checkEndpoint accepts https, and http whose address the dialer will check.
func checkEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		(u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("endpoint %q is not an http or https address", text)
	}
	return nil
}
