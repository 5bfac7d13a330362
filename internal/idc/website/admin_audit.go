package website

import (
	"net/http"
	"slices"
	"sort"

	"rolecall/internal/idc/store"
)

// lastEvents is how many events are shown.
const lastEvents = 200

func (s *Site) adminAudit(w http.ResponseWriter, r *http.Request) {
	_ = s.o.Refusals.Write(r.Context(), true) // on a full disk, what has been written is shown
	var events []store.Event
	err := s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		end, err := endOfAudit(reader)
		if err == nil {
			events, err = reader.Events(max(0, end-lastEvents), lastEvents)
		}
		slices.Reverse(events)
		return err
	})
	s.showAdmin(w, r, err, "admin-audit.html", "Audit", events)
}

// endOfAudit finds the number of the last event. Numbers have no gaps, so a few dozen queries suffice for any length.
func endOfAudit(r store.Reader) (int64, error) {
	var failed error
	after := func(n int64) bool { // nothing comes after n
		events, err := r.Events(n, 1)
		failed = err
		return err != nil || len(events) == 0
	}
	bound := int64(1)
	for !after(bound) {
		bound *= 2
	}
	end := sort.Search(int(bound), func(n int) bool { return failed != nil || after(int64(n)) })
	return int64(end), failed
}
