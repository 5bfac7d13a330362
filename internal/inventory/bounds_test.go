package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/identitycenter"
)

func (s *scene) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// cycle answers ListAccounts, or ListAccountRoles, with pages whose tokens come again after so many.
func cycle(of string, length int) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if !strings.HasSuffix(r.URL.Path, of) {
			return false
		}
		n, _ := strconv.Atoi(q.Get("next_token"))
		account := q.Get("account_id")
		if account == "" {
			account = fmt.Sprintf("%012d", 800_000_000_000+n)
		}
		fmt.Fprintf(w, `{"nextToken":"%[1]d","accountList":[{"accountId":"%[2]s"}],`+
			`"roleList":[{"accountId":"%[2]s","roleName":"R%[1]d"}]}`, n%length+1, account)
		return true
	}
}

// The parallel listing ends at the first repeated token, in whichever list, even if it came in an earlier run.
func TestAListingEndsAtTheFirstRepetition(t *testing.T) {
	for _, of := range []string{"/accounts", "/roles"} {
		for _, length := range []int{1, 2, 3, 7} {
			t.Run(fmt.Sprint(of, " ", length), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newScene(t, 3, 1)
					s.before = cycle(of, length)
					for run := range 2 {
						_, err := s.List(t.Context())
						if !errors.Is(err, identitycenter.ErrBadAnswer) || !strings.Contains(err.Error(), "the same page again") {
							t.Fatalf("run %d: %v", run, err)
						}
						for asked, n := range s.asked {
							if n > 2*(run+1) {
								t.Errorf("run %d: %s was asked for %d times", run, asked, n)
							}
						}
					}
					if most := 12 * (length + 2) * 2; s.requests() > most {
						t.Errorf("%d requests", s.requests())
					}
				})
			})
		}
	}
}

// An endless series of empty pages ends it, too.
func TestAListingEndsAtEmptyPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 1, 1)
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			fmt.Fprintf(w, `{"nextToken":"t%d","accountList":[],"roleList":[]}`, s.requests())
			return true
		}
		if _, err := s.List(t.Context()); !errors.Is(err, identitycenter.ErrBadAnswer) || s.requests() > 20 {
			t.Errorf("%v after %d requests", err, s.requests())
		}
	})
}

// A list that is begun again, as its token has ended, may have the tokens that it had before; so may a journal.
func TestAListThatIsBegunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, 250, 1)
		stop := errors.New("stop")
		for run := range 4 {
			ctx, cancel := context.WithCancelCause(t.Context())
			ended := run > 0
			s.before = func(w http.ResponseWriter, r *http.Request) bool {
				next := r.URL.Query().Get("next_token")
				switch {
				case next == "" || !strings.HasSuffix(r.URL.Path, "/accounts"):
					return false
				case ended: // the first token of this run is of the run before
					ended = false
					w.Header().Set("X-Amzn-Errortype", "InvalidRequestException")
					w.WriteHeader(http.StatusBadRequest)
					return true
				case run < 3:
					time.AfterFunc(0, func() { cancel(stop) })
					<-r.Context().Done()
					return true
				}
				return false
			}
			inv, err := s.List(ctx)
			if run < 3 && !errors.Is(err, stop) || run == 3 && err != nil {
				t.Fatalf("run %d: %v", run, err)
			}
			if run == 3 {
				whole(t, inv, 250, 1)
			}
			cancel(nil)
		}
	})
}

// A listing that gets no answers, or none after some, ends within 30 seconds.
func TestAStalledListingEnds(t *testing.T) {
	for _, from := range []int{1, 2, 5, 30} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, 40, 1)
			s.before = func(_ http.ResponseWriter, r *http.Request) bool {
				if s.requests() < from {
					return false
				}
				<-r.Context().Done()
				return true
			}
			began := time.Now()
			_, err := s.List(t.Context())
			if took := time.Since(began); !errors.Is(err, identitycenter.ErrUnavailable) || took > 30*time.Second {
				t.Errorf("from %d: %v after %v", from, err, took)
			}
		})
	}
}
