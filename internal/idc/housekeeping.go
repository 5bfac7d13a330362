package idc

import (
	"context"
	"time"
)

// How long housekeeping waits: when there is nothing left to do, and between two steps, for others to get in between.
const (
	housekeepingEvery = 10 * time.Second
	housekeepingPause = 20 * time.Millisecond
)

// Housekeep removes what has ended, in small steps, until ctx ends: tokens, sessions, codes, registrations, and what
// limits remember. The store returns the space, and memory when hardly anybody asks. What was refused goes into the
// audit, at the end all of it.
func (s *Server) Housekeep(ctx context.Context) {
	defer func() {
		if err := s.Refusals.Write(context.WithoutCancel(ctx), true); err != nil {
			s.log.Warn("refusals are not in the audit", "error", err)
		}
	}()
	for {
		if err := s.Refusals.Write(ctx, false); err != nil && ctx.Err() == nil {
			s.log.Warn("refusals are not in the audit yet", "error", err)
		}
		wait := housekeepingEvery
		more, err := s.store.Tidy(ctx, s.now())
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Warn("housekeeping", "error", err)
		case more:
			wait = housekeepingPause
		default:
			s.OIDC.Tidy()
			s.site.Tidy()
			s.Portal.Limit.Tidy()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
