package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/discovery"
	"rolecall/internal/doctor"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
)

// doctorDeadline bounds the network of doctor in all.
const doctorDeadline = 10 * time.Second

func errDoctorDeadline() error {
	return fmt.Errorf("no answer within %s in all: %w", doctorDeadline, identitycenter.ErrUnavailable)
}

// onlineMachine is how doctor asks the network: as commands do, without a token.
func (a *App) onlineMachine(ctx context.Context) *doctor.Online {
	config, _ := awsconfig.OpenEach(awsconfig.Locate(a.Getenv, a.Home))
	return &doctor.Online{
		Context: ctx,
		Ask: func(ctx context.Context, s identitycenter.SSOSession) (string, time.Time, error) {
			return a.askTime(ctx, a.doctored(config, s))
		},
		Region: func(ctx context.Context, s identitycenter.SSOSession) (string, error) {
			p := a.doctored(config, s)
			if e := a.endpoints(p); e.override != "" {
				return "", nil // the start URL belongs to another Identity Center, if to any
			}
			httpClient, err := a.network(p, a.Logger(a.Stderr))
			if err != nil {
				return "", err
			}
			found, err := discovery.Region(ctx, httpClient, s.StartURL)
			return found.Region, err
		},
	}
}

// doctored returns a profile for a session, with the network settings that a sign-in to it has.
func (a *App) doctored(config *awsconfig.Config, s identitycenter.SSOSession) awsconfig.Profile {
	p, err := a.sessionProfile(config, s.Label())
	if err != nil {
		p = awsconfig.Profile{Endpoints: config.SessionEndpoints(s.Name)}
	}
	p.Session = s
	return p
}

// askTime makes one request to the access portal of a session, and returns the time in the answer. It is refused, since
// it has no token.
func (a *App) askTime(ctx context.Context, p awsconfig.Profile) (endpoint string, date time.Time, err error) {
	e := a.endpoints(p)
	if endpoint = e.portal; endpoint == "" && p.Session.Region == "" {
		return "", date, nil
	}
	httpClient, err := a.network(p, a.Logger(a.Stderr))
	if err != nil {
		return endpoint, date, err
	}
	c, err := client.New(client.Config{
		Region: cmp.Or(p.Session.Region, "us-east-1"), OIDC: e.oidc, Portal: e.portal, FIPS: a.fips(p),
		DualStack: a.dualStackPortal(p), HTTP: httpClient, Now: a.Now,
	})
	if err != nil {
		return endpoint, date, err
	}
	endpoint = c.Endpoints().Portal
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/assignment/accounts", nil)
	if err != nil {
		return endpoint, date, err
	}
	answer, err := httpClient.Do(r)
	if err != nil {
		return endpoint, date, client.Translate(ctx, "the request", endpoint, err)
	}
	defer answer.Body.Close()
	date, err = http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		date = time.Time{} // it says nothing about the time
	}
	return endpoint, date, nil
}
