// Cover tells of each file how many of its statements the tests ran, the fewest first, from a text profile that may
// hold a block several times ("go tool covdata textfmt" over many programs). It fails when one of the files in least is
// below its share.
package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// least has the parts of paths of files that once were the weakest (issue 12), and share the percentage that they keep.
var least = []string{"consent", "console", "device", "/chain", "operator", "sync", "pick"}

const share = 85.0

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cover PROFILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}

// run prints the files of the profile at path and their sum. Its error names those below their share.
func run(path string) error {
	profile, err := os.Open(path)
	if err != nil {
		return err
	}
	defer profile.Close()
	files, err := read(profile)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	slices.SortStableFunc(files, func(a, b file) int {
		return int(a.percent()*1000) - int(b.percent()*1000)
	})
	var all file
	var weak []string
	for _, f := range files {
		fmt.Printf("%5.1f %% of %4d  %s\n", f.percent(), f.statements, f.name)
		all.statements, all.run = all.statements+f.statements, all.run+f.run
		named := func(part string) bool { return strings.Contains(f.name, part) }
		if f.percent() < share && slices.ContainsFunc(least, named) {
			weak = append(weak, f.name)
		}
	}
	fmt.Printf("%5.1f %% of %d  in all\n", all.percent(), all.statements)
	if weak != nil {
		return fmt.Errorf("below %.0f %%: %s", share, strings.Join(weak, ", "))
	}
	return nil
}

// file is a source file and how many of its statements ran.
type file struct {
	name            string
	statements, run int
}

func (f file) percent() float64 { return 100 * float64(f.run) / float64(max(f.statements, 1)) }

// read returns the files of a text profile: lines "FILE:FROM,TO STATEMENTS COUNT" below "mode:".
func read(profile *os.File) ([]file, error) {
	type block struct {
		statements int
		run        bool
	}
	blocks := map[string]block{}
	lines := bufio.NewScanner(profile)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue
		}
		statements, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, err
		}
		blocks[fields[0]] = block{statements, blocks[fields[0]].run || fields[2] != "0"}
	}
	sums := map[string]file{}
	for place, b := range blocks {
		name, _, _ := strings.Cut(place, ":")
		name = strings.TrimPrefix(name, "rolecall/")
		f := sums[name]
		f.name, f.statements = name, f.statements+b.statements
		if b.run {
			f.run += b.statements
		}
		sums[name] = f
	}
	files := make([]file, 0, len(sums))
	for _, f := range sums {
		files = append(files, f)
	}
	return files, lines.Err()
}
