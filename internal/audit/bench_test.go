package audit_test

import (
	"testing"
	"time"

	"rolecall/internal/audit"
)

// What a record costs a process that has the log to itself.
func BenchmarkAppend(b *testing.B) {
	l := audit.Log{Dir: b.TempDir(), Now: time.Now}
	for b.Loop() {
		if _, err := l.Append(aRecord(1)); err != nil {
			b.Fatal(err)
		}
	}
}
