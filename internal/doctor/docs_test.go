package doctor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolecall/internal/doctor"
)

// Each id of a problem with a config file is in the catalogue.
func TestProblemsOfConfigFilesAreKinds(t *testing.T) {
	known := map[string]bool{}
	for _, k := range doctor.Catalogue() {
		known[k.ID] = true
	}
	files, err := filepath.Glob("../awsconfig/*.go")
	if err != nil {
		t.Fatal(err)
	}
	ids := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range regexp.MustCompile(`"(config\.[a-z0-9-]+)"`).FindAllSubmatch(text, -1) {
			if ids++; !known[string(id[1])] {
				t.Errorf("%s: there is no kind %s", file, id[1])
			}
		}
	}
	if ids < 35 {
		t.Errorf("only %d ids were found", ids)
	}
}

// docs is the page that has each kind of finding, below what a person writes there.
const docs = "../../docs/doctor.md"

// The page has each kind with its severity and why it matters. With UPDATE_DOCS=1 this writes it.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	const begin = "## Findings\n"
	intro, list, ok := strings.Cut(string(data), begin)
	if !ok {
		t.Fatalf("%s has no %q", docs, begin)
	}
	var b strings.Builder
	seen := map[string]bool{}
	for _, k := range doctor.Catalogue() {
		if seen[k.ID] {
			t.Errorf("%s is there twice", k.ID)
		}
		seen[k.ID] = true
		fmt.Fprintf(&b, "\n### %s\n\n%s Why that matters (%s): %s.\n", k.ID, k.Title, k.Severity, k.Why)
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(docs, []byte(intro+begin+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if list != b.String() {
		t.Errorf("%s is not up to date: UPDATE_DOCS=1 go test ./internal/doctor -run TestDocs", docs)
	}
}
