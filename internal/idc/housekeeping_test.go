package idc_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/store"
)

// A server that only refreshes gets rid of what has ended, and its housekeeping ends with its context.
func TestHousekeepingOfAServerThatOnlyRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data, _, err := idctest.Sample()
		if err != nil {
			t.Fatal(err)
		}
		defer data.Close()
		c := &center{data: data}
		var ahead atomic.Int64
		c.Server, err = idc.New(idc.Options{URL: origin, Store: data.Store, Secret: data.Secret, Now: func() time.Time {
			return time.Now().Add(time.Duration(ahead.Load()))
		}})
		if err != nil {
			t.Fatal(err)
		}
		c.http = &http.Client{Transport: inProcess{c}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { c.Housekeep(ctx); close(ended) }()
		id, secret, tokens := c.deviceTokens(t)
		for range 300 { // nobody answers these
			c.call(t, "POST", "/client/register", members{"clientName": "x", "clientType": "public"})
		}
		refresh := tokens.text("refreshToken")
		for range 7 { // until the session ends
			time.Sleep(time.Hour)
			a := c.refresh(t, id, secret, refresh)
			if a.status != 200 {
				t.Fatal(a.status, a.body)
			}
			refresh = a.text("refreshToken")
		}
		time.Sleep(time.Minute)
		c.has(t, "access-token", 1) // the others ended
		ahead.Store(int64(91 * 24 * time.Hour))
		time.Sleep(time.Minute)
		for _, kind := range []store.Kind{
			"access-token", "refresh-token", "family", "session", "client", "strange-client", "device",
		} {
			c.has(t, kind, 0)
		}
		stop()
		<-ended
	})
}

// has checks how many entries of a kind there are.
func (c *center) has(t *testing.T, kind store.Kind, want int) {
	t.Helper()
	err := c.data.Store.View(t.Context(), func(r store.Reader) error {
		n, err := r.Count(kind)
		if n != want {
			t.Errorf("%s: %d, want %d", kind, n, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
