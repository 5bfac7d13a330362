package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheTable(t *testing.T) {
	sums, err := sum(strings.NewReader(`{"row":"audit","tried":1200,"held":1200}
{"row":"audit","tried":34,"held":33}
`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := write(&b, sums, "abc", time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 1,234 | 1,233 |", "| not run | – |", "commit abc, 2026-12-01"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing:\n%s", want, b.String())
		}
	}
	if got := pattern(); !strings.HasPrefix(got, "^Test(Processes|") || strings.Contains(got, " ") {
		t.Error(got)
	}
	for _, bad := range []string{`{"row":"nothing","tried":1,"held":1}`, "x"} {
		if _, err := sum(strings.NewReader(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
