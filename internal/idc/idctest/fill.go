package idctest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// Fill assigns a user more accounts, called name(i), with the given number of roles in each.
func Fill(d *idc.Data, userName string, accounts, roles int, name func(i int) string) error {
	u, err := user(d, userName)
	if err != nil {
		return err
	}
	return d.Store.Update(context.Background(), func(tx store.Tx) error {
		instance, err := directory.TheInstance(tx)
		failures := []error{err}
		for i := range roles {
			failures = append(failures, directory.PermissionSets().Put(tx, directory.PermissionSet{
				ID: setID(i), Name: fmt.Sprintf("Role%02d", i), Duration: time.Hour, Created: instance.Created,
			}))
		}
		for i := range accounts {
			id := AccountID(i)
			failures = append(failures, directory.Accounts().Put(tx, directory.Account{
				ID: id, Name: name(i), Email: fmt.Sprintf("account%d@example.com", i), Joined: instance.Created,
			}))
			for n := range roles {
				_, err := tx.Assign(store.Assignment{Principal: u.ID, AccountID: id, PermissionSet: setID(n)})
				failures = append(failures, err)
			}
		}
		return errors.Join(failures...)
	})
}

// AccountID is the id of the i-th account made by Fill.
func AccountID(i int) string { return fmt.Sprintf("%012d", 700_000_000_000+i) }

func setID(i int) string { return fmt.Sprintf("ps-%016d", i) }

// InProcess serves requests from a handler without a socket, so that the fake clock
// of synctest runs across client and server.
type InProcess struct{ http.Handler }

// RoundTrip returns the handler's answer.
func (p InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody // a server never sees a nil body
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, in)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return w.Result(), nil
}
