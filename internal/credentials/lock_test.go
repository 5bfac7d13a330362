package credentials_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

// slowTokens renews only after a while, as a person signs in.
type slowTokens struct {
	access.Given
	renewing func()
	next     func(ctx context.Context) (identitycenter.Token, error)
}

func (s slowTokens) Renew(ctx context.Context, _ identitycenter.Token) (identitycenter.Token, error) {
	s.renewing()
	return s.next(ctx)
}

// While a person signs in, nobody else waits for the role.
func TestTheRoleIsNotLockedWhileAPersonSignsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			ended := r.Header.Get("X-Amz-Sso_bearer_token") == "ended"
			return ended && testbed.Refuse(w, 401, "UnauthorizedException")
		})
		locked := true
		o := s.Portal(access.Patience{}).Options
		o.Tokens = slowTokens{
			Given: access.GivenToken(identitycenter.NewSecret("ended"), time.Now()),
			renewing: func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				unlock, err := s.source.Cache.LockRole(ctx, testbed.Corp(), payments, "Admin")
				if err == nil {
					locked = false
					unlock()
				}
			},
			next: s.Login.Token,
		}
		s.source.Portal = access.New(o)
		s.retrieve(t, role(payments, "Admin"))
		if locked {
			t.Error("the role was locked")
		}
	})
}
