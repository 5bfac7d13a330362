// Command mutants puts small mistakes into the code, one at a time and in memory, each at a place where it would harm
// somebody, and reports which of them no test notices. A mistake must fail an assertion of the test that is named with
// it; a time-out, or code that does not build, does not count.
//
//	go run ./internal/tools/mutants [TEXT]    those with TEXT in their name, file or test
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	all, err := read(filepath.Join(root, "internal", "tools", "mutants", "list"))
	if err != nil {
		return err
	}
	only := strings.Join(args, " ")
	tried, noticed := 0, 0
	for _, m := range all {
		if !strings.Contains(m.name+"\n"+m.file+"\n"+m.pkg+" "+m.test, only) {
			continue
		}
		tried++
		start := time.Now()
		verdict, detail := m.try(root)
		if verdict == noticedIt {
			noticed++
		}
		fmt.Printf("%-12s %5.1fs  %s (%s)\n", verdict, time.Since(start).Seconds(), m.name, m.test)
		if detail != "" {
			fmt.Printf("%s\n", detail)
		}
	}
	if path := os.Getenv("ROLECALL_PROOF"); path != "" {
		if err := note(path, tried, noticed); err != nil {
			return err
		}
	}
	fmt.Printf("%d of %d were noticed\n", noticed, tried)
	if noticed != tried {
		return fmt.Errorf("%d were not noticed", tried-noticed)
	}
	return nil
}

const (
	noticedIt = "noticed"
	survived  = "SURVIVED"
	timedOut  = "TIMED OUT"
	broken    = "DOES NOT FIT"
)

// limit is how long a test may take.
const limit = 3 * time.Minute

// try runs the test with the mistake.
func (m mutant) try(root string) (verdict, detail string) {
	wrong, err := m.apply(root)
	if err != nil {
		return broken, err.Error()
	}
	dir, err := os.MkdirTemp("", "rolecall-mutant-")
	if err != nil {
		return broken, err.Error()
	}
	defer os.RemoveAll(dir)
	file, overlay := filepath.Join(dir, "wrong.go"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, m.file): file}})
	if err == nil {
		err = os.WriteFile(file, wrong, 0o600)
	}
	if err == nil {
		err = os.WriteFile(overlay, list, 0o600)
	}
	if err != nil {
		return broken, err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit+time.Minute)
	defer cancel()
	test := exec.CommandContext(ctx, "go", "test", "-count=1", "-vet=off", "-timeout", limit.String(),
		"-run", "^"+m.test+"$", m.pkg)
	// Tests of whole programs build them themselves.
	test.Env = append(os.Environ(), "ROLECALL_PROOF=", // what a mistake makes of a test is no proof
		"GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	out, err := test.CombinedOutput()
	return judge(string(out), err)
}

// judge reads what go test printed.
func judge(out string, err error) (verdict, detail string) {
	switch {
	case err == nil && strings.Contains(out, "no tests to run"):
		return broken, out
	case err == nil:
		return survived, ""
	case strings.Contains(out, "panic: test timed out"):
		return timedOut, ""
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") ||
		strings.Contains(out, "building the programs:"):
		return broken, out
	case strings.Contains(out, "--- FAIL") || strings.Contains(out, "panic:"):
		return noticedIt, ""
	}
	return broken, out
}

// note records the result for docs/proof.md.
func note(path string, tried, noticed int) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewEncoder(f).Encode(map[string]any{"row": "mistakes", "tried": tried, "held": noticed})
}
