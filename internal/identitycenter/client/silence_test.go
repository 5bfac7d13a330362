package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/identitycenter"
)

// A network decides how requests are answered, on the fake clock.
type network func(r *http.Request) (*http.Response, error)

func (n network) RoundTrip(r *http.Request) (*http.Response, error) { return n(r) }

// silent accepts requests, and never answers.
func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// headerless is silent, seen through the time-out of http.Transport.
func headerless(*http.Request) (*http.Response, error) {
	time.Sleep(headerTimeout)
	return nil, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
}

// A dripping body has a byte a second, and then one more.
type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (dripping) Close() error { return nil }

func drips(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: dripping{r.Context()}, Request: r}, nil
}

func answersAtOnce(r *http.Request) (*http.Response, error) {
	body := io.NopCloser(strings.NewReader(`{"accountList":[]}`))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
}

func silentClient(t *testing.T, n network, s *Silence) *Client {
	t.Helper()
	httpClient := over(n, HTTPOptions{Silence: s})
	c, err := New(Config{Region: "us-east-1", OIDC: "http://127.0.0.1:1", Portal: "http://127.0.0.1:1", HTTP: httpClient})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// All tries and all steps of a command together wait in vain for ten seconds, and no request leaves then.
func TestASilentServerCostsTenSecondsInAll(t *testing.T) {
	for name, n := range map[string]network{
		"no answer": silent, "no headers in time": headerless, "a dripping body": drips,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				counting := func(r *http.Request) (*http.Response, error) { asked++; return n(r) }
				s, began := &Silence{}, time.Now()
				for range 5 { // steps of a command, with HTTP clients of their own
					c := silentClient(t, counting, s)
					for _, ask := range []func() error{
						func() error { _, err := c.RegisterClient(t.Context(), identitycenter.SSOSession{}, ""); return err },
						func() error {
							_, err := c.RefreshToken(t.Context(), identitycenter.ClientRegistration{}, secret("r"))
							return err
						},
						func() error { _, _, err := c.ListAccounts(t.Context(), secret("t"), ""); return err },
						func() error { _, err := c.GetRoleCredentials(t.Context(), secret("t"), "1", "A"); return err },
					} {
						if err := ask(); !errors.Is(err, identitycenter.ErrNoAnswer) || !errors.Is(err, identitycenter.ErrUnavailable) {
							t.Errorf("%v", err)
						}
					}
				}
				if took := time.Since(began); took > maxSilence+time.Second/2 || took < maxSilence || asked > 3 {
					t.Errorf("%v, %d requests", took, asked)
				}
			})
		})
	}
}

// Requests side by side wait together, not one after the other.
func TestSilenceOfManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, began := silentClient(t, silent, &Silence{}), time.Now()
		var all sync.WaitGroup
		for i := range 24 {
			time.Sleep(50 * time.Millisecond)
			all.Go(func() {
				if _, _, err := c.ListAccounts(t.Context(), secret("t"), ""); !errors.Is(err, identitycenter.ErrNoAnswer) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took > maxSilence+time.Second/2 {
			t.Errorf("%v", took)
		}
	})
}

// One host that is silent costs another nothing, and is asked again after a while, however often it is asked meanwhile.
func TestASilentHostHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, asked, other := network(silent), 0, 0
		httpClient := over(network(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "127.0.0.1:2" {
				other++
				return answersAtOnce(r)
			}
			asked++
			return one(r)
		}), HTTPOptions{Silence: &Silence{}})
		at := func(port string) error {
			url := "http://127.0.0.1:" + port
			c, err := New(Config{Region: "us-east-1", OIDC: url, Portal: url, HTTP: httpClient})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = c.ListAccounts(t.Context(), secret("t"), "")
			return err
		}
		for range 40 {
			if err := at("1"); !errors.Is(err, identitycenter.ErrNoAnswer) {
				t.Fatal(err)
			}
			if err := at("2"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second / 2)
		}
		if asked != 1 || other != 40 {
			t.Errorf("%d requests to the silent host, %d to the other", asked, other)
		}
		one = answersAtOnce
		time.Sleep(11 * time.Second)
		if err := at("1"); err != nil {
			t.Errorf("after 30 s: %v", err)
		}
	})
}

// Answers take time off, and a command that runs for long tries again. It still gives up on a server that stalls on
// every other request.
func TestSilenceIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now, asked := network(headerless), 0
		c := silentClient(t, func(r *http.Request) (*http.Response, error) { asked++; return now(r) }, &Silence{})
		ask := func() error { _, _, err := c.ListAccounts(t.Context(), secret("t"), ""); return err }
		if err := ask(); errors.Is(err, identitycenter.ErrNoAnswer) {
			t.Errorf("after one time-out: %v", err)
		}
		now = answersAtOnce
		for range 5 {
			if err := ask(); err != nil {
				t.Fatal(err)
			}
		}
		now = headerless
		if err := ask(); errors.Is(err, identitycenter.ErrNoAnswer) {
			t.Errorf("after a time-out, five answers, a time-out: %v", err)
		}
		if err := ask(); !errors.Is(err, identitycenter.ErrNoAnswer) {
			t.Errorf("then another one: %v", err)
		}
		before := asked
		if err := ask(); !errors.Is(err, identitycenter.ErrNoAnswer) || asked != before {
			t.Errorf("then: %v, %d requests", err, asked-before)
		}
		now = answersAtOnce
		time.Sleep(forgottenAfter + time.Second)
		if err := ask(); err != nil {
			t.Errorf("a while later: %v", err)
		}
		began := time.Now()
		for n := 0; ; n++ {
			if now = headerless; n%2 == 1 {
				now = answersAtOnce
			}
			if errors.Is(ask(), identitycenter.ErrNoAnswer) {
				break
			}
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("every other request: %v", took)
		}
	})
}

// What a person ends is not the server's silence.
func TestAnEndByThePersonIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := silentClient(t, silent, &Silence{})
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if _, _, err := c.ListAccounts(ctx, secret("t"), ""); !errors.Is(err, cause) {
			t.Errorf("%v", err)
		}
	})
}
