// Command bench measures whole processes, next to a Go hello world in the same run: start to end, and peak memory.
// Its argument is the folder of the built programs. docs/performance.md explains the figures.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"rolecall/internal/tools/peak"
)

const (
	rounds = 200
	hello  = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n"
)

// A subject is a command to measure, in turn with the others.
type subject struct {
	name string
	goal string
	argv []string
	took []time.Duration
	peak int64 // KiB; 0 where the system does not say
}

func main() {
	err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run starts the program again inside a demo, where role credentials are cached, with the hello world as a second
// argument. It measures copies, as a package manager makes them: the linker writes its file through a mapping, and the
// kernel then holds it in small pages, which cost a tenth to a fifth of a start.
func run(args []string) error {
	bin, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	if len(args) == 2 {
		return compare(bin, args[1])
	}
	dir, err := os.MkdirTemp("", "rolecall-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	built, installed := filepath.Join(dir, "built"), filepath.Join(dir, "installed")
	program, err := buildHello(built)
	if err != nil {
		return err
	}
	if err := errors.Join(os.CopyFS(installed, os.DirFS(bin)), os.CopyFS(installed, os.DirFS(built))); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	demo := exec.Command(filepath.Join(installed, "rolecall"), "demo", "--", self, installed,
		filepath.Join(installed, filepath.Base(program)))
	demo.Stdout, demo.Stderr = os.Stdout, os.Stderr
	return demo.Run()
}

func compare(bin, program string) error {
	lean, full := filepath.Join(bin, "rolecall-process"), filepath.Join(bin, "rolecall")
	subjects := []*subject{
		{name: "hello world", argv: []string{program}},
		{name: "rolecall-process, cached", goal: "1.5x", argv: []string{lean, "--profile", "dev"}},
		{name: "rolecall process, cached", goal: "3.0x", argv: []string{full, "process", "--profile", "dev"}},
		{name: "status --short, variables", goal: "10ms", argv: shortStatus(full, "AWS_ACCESS_KEY_ID=x",
			"ROLECALL_ROLE=Admin", "ROLECALL_ACCOUNT_NAME=dev", "AWS_CREDENTIAL_EXPIRATION=2030-01-01T00:00:00Z")},
		{name: "status --short, cache", goal: "10ms", argv: shortStatus(full, "AWS_PROFILE=dev")},
	}
	for i := range rounds + 1 { // the first round warms up
		for _, s := range subjects {
			took, most, err := measure(s.argv)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if i > 0 {
				s.took, s.peak = append(s.took, took), max(s.peak, most)
			}
		}
	}
	report(subjects)
	return reportInits(subjects[len(subjects)-1].argv)
}

func buildHello(dir string) (program string, err error) {
	source, program := filepath.Join(dir, "hello.go"), filepath.Join(dir, "hello")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(source, []byte(hello), 0o600); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	return program, build.Run()
}

// shortStatus returns the command that a prompt runs, by way of env, which costs one exec more than in a shell.
func shortStatus(program string, variables ...string) []string {
	return slices.Concat([]string{"env"}, variables, []string{program, "status", "--short"})
}

func measure(argv []string) (time.Duration, int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, err
	}
	took := time.Since(start)
	return took, peak.KiB(cmd.ProcessState), nil
}

func report(subjects []*subject) {
	fmt.Printf("%-26s %10s %10s %8s %6s %10s\n", "start to end", "median", "p95", "ratio", "goal", "peak")
	base := median(subjects[0].took)
	for _, s := range subjects {
		slices.Sort(s.took)
		m := median(s.took)
		fmt.Printf("%-26s %10s %10s %7.2fx %6s %7.1f MB\n", s.name, m.Round(10*time.Microsecond),
			s.took[len(s.took)*95/100].Round(10*time.Microsecond),
			float64(m)/float64(base), s.goal, float64(s.peak)/1024)
	}
}

func median(took []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[len(sorted)/2]
}
