package admin

import (
	"time"

	"github.com/google/uuid"

	"rolecall/internal/idc/store"
)

// A request is a change that AWS makes asynchronously, with a status to poll. Here the change is made at once; only the
// status lags.
type request struct {
	ID            string
	Created       time.Time
	Failure       string `json:",omitempty"` // why it was not made
	AccountID     string `json:",omitempty"`
	PermissionSet string // by ARN
	PrincipalType string `json:",omitempty"`
	PrincipalID   string `json:",omitempty"`
}

// The kinds of requests.
const (
	kindCreation     store.Kind = "assignment-creation"
	kindDeletion     store.Kind = "assignment-deletion"
	kindProvisioning store.Kind = "provisioning"
)

// keepRequests is how long a request's status can be polled.
const keepRequests = 7 * 24 * time.Hour

func requests(kind store.Kind) store.Table[request] {
	return store.Table[request]{Kind: kind, Index: func(r request) store.Entry {
		return store.Entry{ID: r.ID, Ends: r.Created.Add(keepRequests)}
	}}
}

// file stores a request under a new id.
func (c *call) file(tx store.Tx, kind store.Kind, q request) (request, error) {
	q.ID, q.Created = uuid.NewString(), c.now.UTC()
	return q, requests(kind).Put(tx, q)
}

// request finds a request.
func (c *call) request(r store.Reader, kind store.Kind, id string) (request, error) {
	q, err := requests(kind).Get(r, id)
	return q, orNotFound(err, errNotFound.say("Could not find request with id %s", id))
}

// status is a request's present status.
func (c *call) status(q request) (status, failure string) {
	switch {
	case c.now.Before(q.Created.Add(c.statusDelay())):
		return "IN_PROGRESS", ""
	case q.Failure != "":
		return "FAILED", q.Failure
	}
	return "SUCCEEDED", ""
}

type listRequestsInput struct {
	onInstance
	ssoPage
	Filter struct {
		Status string `aws:"StatusValues"`
	}
}

type requestSummary struct {
	Status      string
	RequestId   string
	CreatedDate stamp
}

// requests lists one kind of request.
func (c *call) requests(r store.Reader, kind store.Kind, in *listRequestsInput) ([]requestSummary, next, error) {
	place := func(q request) string { return q.ID }
	list := func(after string, limit int) ([]request, error) { return requests(kind).List(r, "", after, limit) }
	found, next, err := paged(c, page(in.ssoPage), place, only(list, place, func(q request) bool {
		status, _ := c.status(q)
		return in.Filter.Status == "" || in.Filter.Status == status
	}))
	return each(found, func(q request) requestSummary {
		status, _ := c.status(q)
		return requestSummary{status, q.ID, stamp(q.Created)}
	}), next, err
}
