// Package proof collects what tests have tried: "make proof" writes docs/proof.md from it.
package proof

import (
	"encoding/json"
	"os"
	"testing"
)

// A Line is what one test has tried of a row of docs/proof.md.
type Line struct {
	Row   string `json:"row"`
	Tried int    `json:"tried"`
	Held  int    `json:"held"`
}

// Note records that a test has tried an attack or a fault so many times, and how often the program held. It writes to
// the file that ROLECALL_PROOF names, if any; a test that fails has not held at all.
func Note(t testing.TB, row string, tried, held int) {
	t.Helper()
	path := os.Getenv("ROLECALL_PROOF")
	if path == "" {
		return
	}
	if t.Failed() {
		held = 0
	}
	text, err := json.Marshal(Line{row, tried, held})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.Write(append(text, '\n'))
		_ = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
