package cli

import (
	"context"
	"fmt"
)

// A profilesRequest says how generated profiles look; empty: as the settings say.
type profilesRequest struct{ template, region, output string }

// profilesApply writes the profiles of a session.
func (a *App) profilesApply(_ context.Context, s *session, _ profilesRequest) error {
	fmt.Fprintf(a.Stderr, "rolecall: next: rolecall profiles apply%s\n", a.show(sessionArgument(s.login.Session)))
	return nil
}
