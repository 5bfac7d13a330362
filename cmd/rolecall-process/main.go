// Command rolecall-process answers a credential_process call from the cache of
// role credentials, and hands every other case to "rolecall process" beside it.
// It links neither the AWS SDK nor net/http, so that it starts in a millisecond:
// SDKs start it on every run of every tool. It needs one processor for that, so the runtime
// does not look up how many its container has.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"rolecall/internal/export"
	"rolecall/internal/nodump"
	"rolecall/internal/process"
)

func main() {
	limits := nodump.Forbid()
	if c, ok := process.Cached("rolecall-process", os.Args[1:]); ok {
		if err := export.CredentialProcess(os.Stdout, c); err == nil {
			return
		}
	}
	os.Exit(handOver(os.Args[1:], limits))
}

// handOver runs "rolecall process" with the same arguments. It looks beside itself, never in PATH, where a rolecall
// could be anybody's.
func handOver(args []string, limits *nodump.Limits) int {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "rolecall: rolecall-process does not know where it is: %v\n", err)
		return 1
	}
	name := "rolecall"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(filepath.Dir(self), name)
	code := 1
	err = limits.Lift(func() (err error) {
		code, err = become(path, append([]string{path, "process"}, args...))
		return err
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "rolecall: %v\nrolecall: hint: install rolecall and rolecall-process side by side in %s\n",
			err, filepath.Dir(self))
	}
	return code
}
