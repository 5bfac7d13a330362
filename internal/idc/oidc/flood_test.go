package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

// A counting store counts the calls that Updates make and the rows that they list.
type counting struct {
	store.Store
	work int
}

func (c *counting) Update(ctx context.Context, do func(store.Tx) error) error {
	return c.Store.Update(ctx, func(tx store.Tx) error { return do(countingTx{tx, c}) })
}

type countingTx struct {
	store.Tx
	c *counting
}

func (t countingTx) Get(kind store.Kind, id string) (store.Entry, error) {
	t.c.work++
	return t.Tx.Get(kind, id)
}

func (t countingTx) Find(kind store.Kind, key string) (store.Entry, error) {
	t.c.work++
	return t.Tx.Find(kind, key)
}

func (t countingTx) First(kind store.Kind) (store.Entry, error) {
	t.c.work++
	return t.Tx.First(kind)
}

func (t countingTx) Count(kind store.Kind) (int, error) {
	t.c.work++
	return t.Tx.Count(kind)
}

func (t countingTx) List(kind store.Kind, owner, after string, limit int) ([]store.Entry, error) {
	list, err := t.Tx.List(kind, owner, after, limit)
	t.c.work += 1 + len(list)
	return list, err
}

func (t countingTx) Put(e store.Entry) error {
	t.c.work++
	return t.Tx.Put(e)
}

func (t countingTx) Delete(kind store.Kind, id string) error {
	t.c.work++
	return t.Tx.Delete(kind, id)
}

// A stranger calls without the SDK, which would take most of the time.
type stranger struct {
	testing.TB
	*oidc.Server
	mux   *http.ServeMux
	work  *counting
	data  *idc.Data
	ahead time.Duration
}

// flooded makes a service without limits of pace: each look at its clock is a second later.
func flooded(t testing.TB) *stranger {
	t.Helper()
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	s := &stranger{TB: t, mux: http.NewServeMux(), work: &counting{Store: data.Store}, data: data}
	s.Server, err = oidc.New(oidc.Options{
		URL: origin, Region: "us-east-1", Store: s.work, Secret: data.Secret,
		Now: func() time.Time {
			s.ahead += time.Second
			return time.Unix(1_900_000_000, 0).Add(s.ahead)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Mount(s.mux)
	return s
}

// strangers makes a world of people on a service for strangers.
func strangers(t *testing.T) (*world, *stranger) {
	t.Helper()
	s := flooded(t)
	w := newWorld(t, oidc.Options{})
	w.Server, w.data = s.Server, s.data
	w.http.Transport = idctest.InProcess{Handler: s.mux}
	return w, s
}

type named struct{ ClientID, ClientSecret, DeviceCode, UserCode string }

func (s *stranger) call(path string, in map[string]any) (out named, work int) {
	s.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.Fatal(err)
	}
	before := s.work.work
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body))))
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		s.Fatal(w.Code, w.Body, err)
	}
	return out, s.work.work - before
}

func (s *stranger) register() (named, int) {
	s.Helper()
	return s.call("/client/register", map[string]any{
		"clientName": "flood", "clientType": "public", "scopes": []string{"sso:account:access"},
		"grantTypes": []string{device, code, refresh}, "redirectUris": []string{redirect},
	})
}

func (s *stranger) start(c named) (named, int) {
	s.Helper()
	return s.call("/device_authorization", map[string]any{
		"clientId": c.ClientID, "clientSecret": c.ClientSecret, "startUrl": origin + "/start",
	})
}

// mostWork is how much one call of a stranger may cost, however many came before.
const mostWork = 8

// Registrations of strangers push out only each other, the oldest first, and the last costs as much as the first.
func TestAFloodOfRegistrations(t *testing.T) {
	w, s := strangers(t)
	byDevice, byCode, waiting := w.register(device, refresh), w.register(code, refresh), w.register(device, refresh)
	tokens := w.signedIn(byDevice, "alice")
	unredeemed := w.decide(byCode, w.signIn("alice"), true).Query().Get("code")
	oldest, _ := s.register()
	newest := named{}
	for i := range 10_001 {
		c, work := s.register()
		if work > mostWork {
			t.Fatalf("registration %d: %d rows and calls", i, work)
		}
		newest = c
	}
	s.ahead = 0 // the clock is for the limits of pace; nothing has ended
	_, err := w.refresh(byDevice, tokens.RefreshToken)
	w.must(err)
	w.start(byDevice)
	_, err = w.token(byCode, redeem(unredeemed, verifier))
	w.must(err)
	s.start(newest)
	_, err = w.refresh(waiting, tokens.RefreshToken)
	w.refused("never used, and the oldest", err, "InvalidClientException")
	out := &ssooidc.RegisterClientOutput{ClientId: &oldest.ClientID, ClientSecret: &oldest.ClientSecret}
	_, err = w.refresh(client{out}, tokens.RefreshToken)
	w.refused("the oldest stranger", err, "InvalidClientException")
	s.bounded("strange-client", 10_000)
}

// bounded checks the number of entries of a kind.
func (s *stranger) bounded(kind store.Kind, want int) {
	s.Helper()
	err := s.work.View(s.Context(), func(r store.Reader) error {
		n, err := r.Count(kind)
		if n != want {
			s.Errorf("%s: %d, want %d", kind, n, want)
		}
		return err
	})
	if err != nil {
		s.Error(err)
	}
}

// Device sign-ins that strangers start push out only each other, until a person has answered.
func TestAFloodOfDeviceSignIns(t *testing.T) {
	w, s := strangers(t)
	known := w.register(device, refresh)
	w.signedIn(known, "alice")
	waiting, approvedClient := w.start(known), w.register(device, refresh)
	approved, session := w.start(approvedClient), w.signIn("alice")
	w.must(w.DecideDevice(t.Context(), *approved.UserCode, session, true))
	first, _ := s.start(must(s.register()))
	var last named
	for i := range 1_001 {
		var work int
		if last, work = s.start(must(s.register())); work > mostWork {
			t.Fatalf("start %d: %d rows and calls", i, work)
		}
	}
	s.ahead = 0 // the clock is for the limits of pace; nothing has ended
	w.must(w.DecideDevice(t.Context(), *waiting.UserCode, session, true))
	for what, c := range map[string]client{"known": known, "approved": approvedClient} {
		d := map[string]*ssooidc.StartDeviceAuthorizationOutput{"known": waiting, "approved": approved}[what]
		if _, err := w.token(c, deviceCode(d)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.Device(t.Context(), last.UserCode, session); err != nil {
		t.Errorf("the newest: %v", err)
	}
	if _, err := w.Device(t.Context(), first.UserCode, session); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("the oldest: %v", err)
	}
	s.bounded("strange-device", 1_000)
}

func must(c named, _ int) named { return c }

// Calls of /authorize by strangers push out only each other.
func TestAFloodOfRequests(t *testing.T) {
	w, s := strangers(t)
	known, session := w.register(code, refresh), w.signIn("alice")
	w.decide(known, session, true)
	waiting, _, err := w.Authorize(t.Context(), authorization(known))
	w.must(err)
	s.ahead = 0
	for i := range 1_001 {
		q := authorization(known)
		q.Set("client_id", must(s.register()).ClientID)
		before := s.work.work
		if _, _, err := w.Authorize(t.Context(), q); err != nil {
			t.Fatal(i, err)
		}
		if work := s.work.work - before; work > mostWork {
			t.Fatalf("request %d: %d rows and calls", i, work)
		}
	}
	s.ahead = 0
	if _, err := w.Decide(t.Context(), waiting, session, true); err != nil {
		t.Errorf("the known client's: %v", err)
	}
	s.bounded("strange-request", 1_000)
}

// Wrong codes of some sessions do not block others, in whichever number they come.
func TestWrongCodesOfOthers(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	waiting, mine, user := w.start(w.register(device, refresh)), w.signIn("alice"), w.user("bob")
	refused := 0
	for i := range 400 {
		session, err := w.SignIn(t.Context(), user)
		w.must(err)
		for j := range 5 {
			_, err := w.Device(t.Context(), fmt.Sprintf("BCDF-%c%c%c%c", 'A'+i/26, 'A'+i%26, 'A'+j, 'X'), session)
			if errors.Is(err, oidc.ErrTooMany) {
				refused++
			}
		}
	}
	if guessed := 2000 - refused; guessed > 300+10 {
		t.Errorf("%d wrong codes were looked up", guessed)
	}
	if _, err := w.Device(t.Context(), *waiting.UserCode, mine); err != nil {
		t.Errorf("another's right code: %v", err)
	}
	if _, err := w.Device(t.Context(), "BCDF-ZZZZ", mine); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("a first wrong code: %v", err)
	}
	if _, err := w.Device(t.Context(), "BCDF-ZZZZ", mine); !errors.Is(err, oidc.ErrTooMany) {
		t.Errorf("a second wrong code: %v", err)
	}
	w.ahead = 9 * time.Minute // codes live for ten
	w.must(w.DecideDevice(t.Context(), *waiting.UserCode, mine, true))
	w.ForgetGuesses()
	if _, err := w.Device(t.Context(), "BCDF-ZZZZ", w.signIn("bob")); !errors.Is(err, oidc.ErrGone) {
		t.Errorf("after all were forgotten: %v", err)
	}
}

// Registrations from one address do not keep others from registering. All of loopback is one.
func TestRegistrationsOfOneAddress(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	mux := http.NewServeMux()
	w.Mount(mux)
	register := func(from string) int {
		r := httptest.NewRequest(http.MethodPost, "/client/register",
			strings.NewReader(`{"clientName":"x","clientType":"public"}`))
		r.RemoteAddr = from
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, r)
		return answer.Code
	}
	for range 601 {
		register("192.0.2.1:1")
		register("127.0.0.1:1")
	}
	for from, want := range map[string]int{
		"192.0.2.1:2": 429, "192.0.2.2:1": 200, "127.9.9.9:1": 429, "[::1]:1": 429, "[2001:db8::1]:1": 200,
	} {
		if got := register(from); got != want {
			t.Errorf("%s: %d, want %d", from, got, want)
		}
	}
}

func TestDeviceSignInIsOff(t *testing.T) {
	w := newWorld(t, oidc.Options{NoDevice: true})
	c := w.register(device, refresh)
	in := ssooidc.StartDeviceAuthorizationInput{ClientId: c.ClientId, ClientSecret: c.ClientSecret}
	start := origin + "/start"
	in.StartUrl = &start
	_, err := w.sdk.StartDeviceAuthorization(t.Context(), &in)
	w.refused("a start", err, "UnauthorizedClientException")
	var refusal *types.UnauthorizedClientException
	if !errors.As(err, &refusal) || !strings.Contains(*refusal.Error_description, "--device") {
		t.Errorf("the refusal does not say how to switch it on: %v", err)
	}
}

// BenchmarkRegistrations: with ten thousand registrations there, one more costs as much as the first.
func BenchmarkRegistrations(b *testing.B) {
	for _, there := range []int{0, 10_000} {
		b.Run(fmt.Sprint(there), func(b *testing.B) {
			s := flooded(b)
			for range there {
				s.register()
			}
			for b.Loop() {
				s.register()
			}
		})
	}
}
