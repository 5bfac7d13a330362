// Command dist builds a release: archives and packages for each system, their checksums, a bill of materials for each
// program, and the manifests of package managers.
//
//	go run ./internal/tools/dist -version v1.2.3 -out dist
//
// Whoever has the same commit, the same Go and the same modules gets the same bytes. It needs no network once the
// modules are there.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(args []string, w io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	r, err := newRelease(o)
	if err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp("", "rolecall-dist-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	if err := r.make(w); err != nil {
		return err
	}
	if r.url == noURL {
		fmt.Fprintf(w, "No URL= was given: the manifests lead to %s, which cannot exist.\n", noURL)
	}
	return nil
}

// options are the command line's.
type options struct {
	version, out, url, systems, maintainer string
	dirty                                  bool
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	flags.StringVar(&o.version, "version", "", "the release's tag, such as v1.2.3 or v1.2.3-rc.1")
	flags.StringVar(&o.out, "out", "dist", "the folder to write")
	flags.StringVar(&o.url, "url", "", "the repository's page, which has the releases below it")
	flags.StringVar(&o.systems, "systems", allSystems, "the systems to build for")
	flags.StringVar(&o.maintainer, "maintainer", "", "NAME <ADDRESS>, for packages")
	flags.BoolVar(&o.dirty, "dirty", false, "build although there are changes that are in no commit")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return o, nil
}

// make builds all of it, two systems at a time: while one's programs are linked and packed, the other's are compiled.
func (r *release) make(w io.Writer) error {
	common, err := r.common()
	if err != nil {
		return err
	}
	bills := make([]bill, len(r.systems))
	var group errgroup.Group
	group.SetLimit(2)
	for i, s := range r.systems {
		group.Go(func() error {
			files, err := r.build(s, common, &bills[i])
			if err == nil {
				err = r.pack(s, files)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			return nil
		})
		fmt.Fprintln(w, "==", s)
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := r.writeBills(slices.Concat(bills...)); err != nil {
		return err
	}
	sums, err := r.writeSums()
	if err != nil {
		return err
	}
	return r.writeManifests(sums)
}

// build compiles both programs for a system, and returns all files of its archive.
func (r *release) build(s system, common []entry, bill *bill) ([]entry, error) {
	folder := filepath.Join(r.work, s.name())
	if err := r.compile(s, folder); err != nil {
		return nil, err
	}
	var files []entry
	for _, name := range programs {
		program, err := os.ReadFile(filepath.Join(folder, name+s.exe()))
		if err != nil {
			return nil, err
		}
		files = append(files, entry{name + s.exe(), 0o755, program})
	}
	texts := map[string]*module{}
	for _, name := range programs {
		graph, err := linked(s, name)
		if err != nil {
			return nil, err
		}
		*bill = append(*bill, billRow{name, s, graph})
		for _, m := range graph.modules {
			if m.path != ownModule {
				m.merge(texts)
			}
		}
	}
	text, err := thirdParty(texts)
	if err != nil {
		return nil, err
	}
	files = append(files, entry{"THIRD_PARTY.txt", 0o644, text})
	return append(files, common...), nil
}

// pack writes the archive, and on Linux the packages.
func (r *release) pack(s system, files []entry) error {
	name := r.name(s)
	if s.os == "windows" {
		return r.zip(name, files)
	}
	if err := r.tarGz(filepath.Join(r.out, name+".tar.gz"), name+"/", files); err != nil {
		return err
	}
	if s.os == "linux" {
		return r.packages(s, name, files)
	}
	return nil
}
