// Command rolecall gets role credentials for people who sign in through AWS IAM
// Identity Center.
package main

import (
	"cmp"
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"rolecall/internal/cli"
	"rolecall/internal/cli/local"
	"rolecall/internal/export"
	"rolecall/internal/machine"
	"rolecall/internal/nodump"
	"rolecall/internal/process"
	"rolecall/internal/terminal"
)

// version, commit and date are set by release builds.
var version, commit, date string

func main() {
	limits := nodump.Forbid()
	if len(os.Args) > 1 && os.Args[1] == "process" { // SDKs start it on every run of every tool
		if c, ok := process.Cached("rolecall process", os.Args[2:]); ok && export.CredentialProcess(os.Stdout, c) == nil {
			return
		}
	}
	log.SetOutput(io.Discard) // net/http would print unsolicited answers there
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(s) { // whoever started us wants that, for the command of exec, too
			signal.Notify(signals, s)
		}
	}
	go func() {
		cause := cli.ErrInterrupted
		if <-signals == syscall.SIGTERM {
			cause = cli.ErrTerminated
		}
		cancel(cause)
	}()
	world := cli.World{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Home: home(),
		Machine: machine.Folder(), Now: time.Now,
		Terminal: terminal.IsTerminal(os.Stdin) && terminal.IsTerminal(os.Stderr),
		Local:    local.Commands, Limits: limits,
	}
	world.Version, world.Build = build()
	os.Exit(cli.Main(ctx, world, os.Args[1:]))
}

// home returns the person's home folder: HOME, or else that of the user database, as other tools do. Without one it is
// empty, and commands that need it say so: a relative path would mean files of the working directory.
func home() string {
	if dir, err := os.UserHomeDir(); err == nil && filepath.IsAbs(dir) {
		return dir
	}
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) {
		return u.HomeDir
	}
	return ""
}

// build is what a release build was told; else what Go knows of the checkout or module that it built.
func build() (string, cli.Build) {
	if version != "" && commit != "" {
		return version, cli.Build{Commit: commit, Date: date}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return cmp.Or(version, "unknown"), cli.Build{}
	}
	var b cli.Build
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	name := version
	if name == "" && info.Main.Version != "(devel)" {
		name = info.Main.Version
	}
	return cmp.Or(name, "dev"), b
}
