package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"
)

const (
	initRounds = 20
	// shownInits is how many packages are named.
	shownInits = 10
)

// A packageInit is what the initialisation of one package costs before main begins.
type packageInit struct {
	path  string
	took  float64 // milliseconds, the least of all rounds
	bytes int
}

// initTrace is a line of GODEBUG=inittrace=1 (package runtime, "Environment Variables").
var initTrace = regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock, (\d+) bytes`)

// reportInits names the packages whose initialisation costs most: whoever lets the start grow sees where.
func reportInits(argv []string) error {
	inits := map[string]packageInit{}
	for range initRounds {
		trace, err := traceInits(argv)
		if err != nil {
			return err
		}
		for _, line := range initTrace.FindAllSubmatch(trace, -1) {
			took, tookErr := strconv.ParseFloat(string(line[2]), 64)
			size, sizeErr := strconv.Atoi(string(line[3]))
			if tookErr != nil || sizeErr != nil {
				return fmt.Errorf("not a line of inittrace: %q", line[0])
			}
			path := string(line[1])
			if known, ok := inits[path]; !ok || took < known.took {
				inits[path] = packageInit{path, took, size}
			}
		}
	}
	var sorted []packageInit
	total, size := 0.0, 0
	for _, i := range inits {
		sorted, total, size = append(sorted, i), total+i.took, size+i.bytes
	}
	slices.SortFunc(sorted, func(a, b packageInit) int { return int(1e6 * (b.took - a.took)) })
	fmt.Printf("\nbefore main: %d packages, %.2f ms, %d KB; those that cost most:\n", len(sorted), total, size/1024)
	for _, i := range sorted[:min(shownInits, len(sorted))] {
		fmt.Printf("  %.3f ms %4d KB  %s\n", i.took, i.bytes/1024, i.path)
	}
	return nil
}

func traceInits(argv []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	err := cmd.Run()
	return trace.Bytes(), err
}
