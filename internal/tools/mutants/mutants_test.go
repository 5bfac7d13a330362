package main

import "testing"

// Each mistake still fits the code, and its package has a test of that name.
func TestMistakesFit(t *testing.T) {
	all, err := read("list")
	if err != nil || len(all) < 2 {
		t.Fatalf("%d, %v", len(all), err)
	}
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.name] {
			t.Errorf("two are called %q", m.name)
		}
		seen[m.name] = true
		if _, err := m.apply("../../.."); err != nil {
			t.Error(err)
		}
	}
}

func TestJudge(t *testing.T) {
	failed := errTest{}
	for out, want := range map[string]string{
		"--- FAIL: TestX (0.00s)\nFAIL":                            noticedIt,
		"panic: runtime error: index out of range":                 noticedIt,
		"panic: test timed out after 3m0s\n--- FAIL: TestX (180s)": timedOut,
		"FAIL\trolecall/internal/x [build failed]":                 broken,
		"building the programs: exit status 1":                     broken,
	} {
		if got, _ := judge(out, failed); got != want {
			t.Errorf("%q: %s", out, got)
		}
	}
	if got, _ := judge("ok", nil); got != survived {
		t.Error(got)
	}
	if got, _ := judge("ok [no tests to run]", nil); got != broken {
		t.Error(got)
	}
}

type errTest struct{}

func (errTest) Error() string { return "exit status 1" }
