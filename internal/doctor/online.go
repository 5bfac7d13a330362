package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rolecall/internal/identitycenter"
)

// Online is what the checks over the network use.
type Online struct {
	Context context.Context // it bounds them in all
	// Ask makes one request to a session's endpoint, and returns the time that the answer names.
	Ask func(ctx context.Context, s identitycenter.SSOSession) (host string, date time.Time, err error)
	// Region asks a session's start URL for its region; "" if nothing can be asked.
	Region func(ctx context.Context, s identitycenter.SSOSession) (string, error)
}

// online asks the endpoint and the start URL of each session.
func online() check {
	return check{[]Kind{
		{
			"clock.wrong", Error, "The clock differs from AWS's by more than five minutes.",
			"AWS rejects signatures, and keys expire earlier or later than they seem to",
		},
		{
			"online.unreachable", Error, "A session's access portal does not answer.",
			"you cannot sign in or get keys for it from here",
		},
		{
			"online.certificate", Error, "The certificate of a session's access portal is not trusted.",
			"either a company proxy answers, or someone who should not",
		},
		{
			"online.region", Error, "A start URL's region differs from its sso_region.",
			"sign-ins fail in the browser with an error that does not mention the region",
		},
		{
			"online.start-url", Warning, "A start URL does not lead to an access portal.",
			"you cannot sign in with it",
		},
	}, func(m *Machine, found func(string, Finding)) {
		if m.Online == nil {
			return
		}
		type answer struct {
			id string
			Finding
		}
		sessions := m.sessions()
		answers := make([][]answer, len(sessions))
		var all sync.WaitGroup
		limit := make(chan struct{}, 8)
		for i, s := range sessions {
			all.Go(func() {
				limit <- struct{}{}
				defer func() { <-limit }()
				keep := func(id string, f Finding) { answers[i] = append(answers[i], answer{id, f}) }
				m.ask(s, keep)
				m.askRegion(s, keep)
			})
		}
		all.Wait()
		for _, a := range slices.Concat(answers...) {
			found(a.id, a.Finding)
		}
	}}
}

// maxSkew is what AWS allows a signature's clock to differ. The answer may take seconds of it.
const maxSkew = 5 * time.Minute

func (m *Machine) ask(s identitycenter.SSOSession, found func(string, Finding)) {
	host, date, err := m.Online.Ask(m.Online.Context, s)
	switch {
	case errors.Is(err, identitycenter.ErrBadAnswer):
		found("online.certificate", Finding{
			What: fmt.Sprintf("session %q: %v", s.Label(), err), Where: []string{host},
			Remedy: []string{"if it is your company's proxy: export AWS_CA_BUNDLE=FILE, with its certificates"},
		})
	case err != nil:
		found("online.unreachable", Finding{
			What: fmt.Sprintf("session %q: %v", s.Label(), err), Where: []string{host},
			Remedy: []string{"check the network, HTTPS_PROXY and AWS_ENDPOINT_URL_SSO"},
		})
	case !date.IsZero() && date.Sub(m.Now).Abs() > maxSkew:
		found("clock.wrong", Finding{
			What:  fmt.Sprintf("it differs by %s from the clock of %s", date.Sub(m.Now).Abs().Round(time.Minute), host),
			Where: []string{host}, Remedy: []string{"set this computer's clock and time zone"},
		})
	}
}

func (m *Machine) askRegion(s identitycenter.SSOSession, found func(string, Finding)) {
	region, err := m.Online.Region(m.Online.Context, s)
	switch {
	case errors.Is(err, identitycenter.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		found("online.unreachable", Finding{
			What: err.Error(), Where: []string{s.StartURL}, Remedy: []string{"check the network and HTTPS_PROXY"},
		})
	case err != nil:
		found("online.start-url", Finding{
			What: fmt.Sprintf("session %q: %v", s.Label(), err), Where: []string{s.StartURL},
			Remedy: []string{"rolecall configure START_URL, with the address of your access portal"},
		})
	case region != "" && s.Region != "" && region != s.Region:
		found("online.region", Finding{
			What:  fmt.Sprintf("session %q has sso_region %q, but its start URL is in %q", s.Label(), s.Region, region),
			Where: []string{s.StartURL}, Remedy: []string{"rolecall configure " + m.Quote(s.StartURL)},
		})
	}
}
