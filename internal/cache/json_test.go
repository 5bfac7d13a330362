package cache

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"
)

// Each member of a note comes back as it was saved; a note with a member of another type counts as none.
func TestNotesAreRead(t *testing.T) {
	s, session := newStore(t), corp
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	var note SessionNote
	fields := reflect.ValueOf(&note).Elem()
	for i := range fields.NumField() {
		switch field := fields.Field(i).Addr().Interface().(type) {
		case *string:
			*field = fmt.Sprintf("\"é\\%d", i)
		case *bool:
			*field = true
		case *int64:
			*field = 1 << 62
		case *time.Time:
			*field = at.Add(time.Duration(i) * time.Second)
		}
	}
	if err := s.SaveSessionNote(session, note); err != nil {
		t.Fatal(err)
	}
	note.Session, note.StartURL, note.Region = session.Name, session.StartURL, session.Region
	if got := s.SessionNote(session); got != note {
		t.Errorf("read\n%+v, want\n%+v", got, note)
	}
	saved, err := os.ReadFile(s.notePath(session))
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(saved, &members); err != nil || len(members) != fields.NumField() {
		t.Fatalf("%d members of %d: %v", len(members), fields.NumField(), err)
	}
	for name, value := range members {
		for _, other := range []string{"[]", "{}", `"x"`, "1.5", "true", "null"} {
			if err := os.WriteFile(s.notePath(session), bytes.Replace(saved, value, []byte(other), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			var want SessionNote
			if data, err := os.ReadFile(s.notePath(session)); err != nil || json.Unmarshal(data, &want) != nil ||
				want.Region != session.Region || want.StartURL != session.StartURL {
				want = SessionNote{}
			}
			if got := s.SessionNote(session); got != want {
				t.Errorf("%s is %s: read\n%+v, want\n%+v", name, other, got, want)
			}
		}
	}
}
