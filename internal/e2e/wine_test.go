//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// A wine runs Windows programs, in namespaces of its own that need no root: its root folder is the lane's tree, its
// network is this machine's. The programs see the folder work at its own path, on drive Z:. They run as an ordinary
// user, whom a read-only file stops, even where the tests run as root. One wineserver lives as long as the test: a
// program then starts in 50 ms instead of 450.
type wine struct {
	work string
	bin  string // of the Windows programs, in work
	// outer and init are the process ids of unshare and of its first process, which keep the namespaces. An ordinary
	// user has to enter outer's user namespace first, which owns the others.
	outer, init string
}

// hold makes the namespaces and C:, says that it is ready, and stays until its input ends. Its arguments are the lane's
// tree and the work folder.
const hold = `set -e
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/tmp"
mkdir -p "$1$2"
mount --rbind "$2" "$1$2"
exec unshare -U --map-user=1000 --map-group=1000 -R "$1" --wd "$2" env -i ` + wineVariables + ` sh -c '
mkdir -p "$WINEPREFIX" && wineserver64 -p && wine64 wineboot -u && echo ready && exec cat'`

// wineVariables: "$2" is the work folder.
const wineVariables = `PATH=/usr/lib/wine:/usr/bin:/bin HOME="$2" WINEPREFIX="$2/prefix" WINEDEBUG=-all ` +
	`WINEDLLOVERRIDES=mscoree,mshtml= XDG_RUNTIME_DIR=/tmp LANG=C.UTF-8`

// startWine starts the lane's wine, and builds the Windows programs for it.
func startWine(t *testing.T) *wine {
	t.Helper()
	root := lane(t, "wine")
	work, err := os.MkdirTemp("/tmp", "rolecall-wine-") // where hold has made room
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(work) })
	w := &wine{work: work, bin: filepath.Join(work, "bin")}
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "--pid", "--fork",
		"--kill-child", "sh", "-c", hold, "sh", root, work)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
	})
	w.build(t, "rolecall/cmd/...", "./testdata/windows/...")
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "ready\n" {
		_ = input.Close()
		_ = cmd.Wait()
		t.Fatalf("wine does not start: %v %q\n%s", err, line, problems.String())
	}
	w.outer = strconv.Itoa(cmd.Process.Pid)
	children, err := os.ReadFile(filepath.Join("/proc", w.outer, "task", w.outer, "children"))
	if w.init = strings.TrimSpace(string(children)); err != nil || w.init == "" {
		t.Fatalf("wine's first process: %q %v", children, err)
	}
	return w
}

// build builds Windows programs, each package into a program of its name.
func (w *wine) build(t *testing.T, packages ...string) {
	t.Helper()
	if err := os.MkdirAll(w.bin, 0o700); err != nil {
		t.Fatal(err)
	}
	build := compiling("build", append([]string{"-ldflags", "-s -w", "-o", w.bin + "/"}, packages...)...)
	build.Env = append(build.Env, "GOOS=windows", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %v for Windows: %v\n%s", packages, err, out)
	}
}

// environ passes w to the commands of stories.
func (w *wine) environ() []string {
	places := []string{w.outer, w.init, w.work, w.bin}
	return []string{"ROLECALL_WINE=" + strings.Join(places, string(os.PathListSeparator))}
}

// wineOf reads what environ has written; nil without it.
func wineOf(getenv func(string) string) *wine {
	part := filepath.SplitList(getenv("ROLECALL_WINE"))
	if len(part) != 4 {
		return nil
	}
	return &wine{outer: part[0], init: part[1], work: part[2], bin: part[3]}
}

// command is a Windows program: one of bin, or one of Windows' own. HOME leads to its home folder, and PATH of environ
// is not passed on: its PATH is bin and Windows' own.
func (w *wine) command(dir string, environ []string, program string, args ...string) *exec.Cmd {
	if ours := filepath.Join(w.bin, program+".exe"); fileExists(ours) {
		program = ours
	}
	const script = `cd "$1" && shift 2 && exec wine64 "$@"`
	cmd := exec.Command("/usr/bin/nsenter", append([]string{
		"-t", w.outer, "-U", "--preserve-credentials",
		"/usr/bin/nsenter", "-t", w.init, "-U", "-m", "-p", "-r", "-w", "--preserve-credentials",
		"/bin/sh", "-c", `export ` + wineVariables + `; ` + script, "sh", dir, w.work,
		filepath.Join(w.bin, "launch.exe"), program,
	}, args...)...)
	for _, entry := range environ {
		switch name, value, _ := strings.Cut(entry, "="); name {
		case "PATH", "TMPDIR": // wine 10 aborts with a TMPDIR
		case "HOME":
			cmd.Env = append(cmd.Env, "LAUNCH_HOME="+value)
		default:
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, "WINEPATH="+windowsPath(w.bin))
	cmd.WaitDelay = 500 * time.Millisecond // wine's console keeps stdout open for two seconds more
	return cmd
}

// windowsPath is the path by which a Windows program knows a file in the work folder.
func windowsPath(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// onWindowsMain is the command "onwindows PROGRAM …", which stories call by the name of the program. What it prints has
// paths as Linux writes them, so that a story says the same for both.
func onWindowsMain() {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	cmd := wineOf(os.Getenv).command(dir, os.Environ(), os.Args[1], os.Args[2:]...)
	stdout, stderr := newPaths(os.Stdout), newPaths(os.Stderr)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	if term.IsTerminal(int(os.Stderr.Fd())) {
		cmd.Stderr = os.Stderr // a console, see consoleText
	}
	err = cmd.Run()
	stdout.flush()
	stderr.flush()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
}

// unixPaths finds the paths of Windows programs: below the home folder and on Z:, also in JSON strings.
var unixPaths = regexp.MustCompile(`(?:~|Z:)(?:\\{1,2}[^\\\s"':;,]*)+`)

func withUnixPaths(text string) string {
	return unixPaths.ReplaceAllStringFunc(text, func(path string) string {
		path = strings.ReplaceAll(path, `\\`, `\`)
		return strings.ReplaceAll(strings.TrimPrefix(path, "Z:"), `\`, "/")
	})
}

// paths writes lines with paths as Linux has them.
type paths struct {
	to   io.Writer
	line []byte
}

func newPaths(to io.Writer) *paths { return &paths{to: to} }

func (p *paths) Write(data []byte) (int, error) {
	p.line = append(p.line, data...)
	if end := bytes.LastIndexByte(p.line, '\n') + 1; end > 0 {
		whole := p.line[:end]
		p.line = append([]byte(nil), p.line[end:]...)
		if _, err := io.WriteString(p.to, withUnixPaths(string(whole))); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

func (p *paths) flush() { _, _ = io.WriteString(p.to, withUnixPaths(string(p.line))) }

// wineColumns is wide enough that wine's console breaks no line.
const wineColumns, wineRows = 700, 50

// wineKeys is how long a person waits before typing: the picker on Windows drops what was typed before it reads keys.
const wineKeys = 300 * time.Millisecond

// consoleSequences are what wine's console puts between a program's text: it hides the cursor while it writes, and
// moves it over blanks.
var consoleSequences = regexp.MustCompile(`\x1b\[(?:\?25[hl]|\d*m|K|(\d*)C)`)

// consoleText is the text that a program wrote on wine's console, as another terminal would have got it.
func consoleText(screen string) string {
	screen = consoleSequences.ReplaceAllStringFunc(screen, func(s string) string {
		if !strings.HasSuffix(s, "C") {
			return ""
		}
		n := 1
		_, _ = fmt.Sscanf(s, "\x1b[%dC", &n)
		return strings.Repeat(" ", n)
	})
	return withUnixPaths(screen)
}

// endAll kills the Windows programs of that name, as a crash or a person does, and returns how many.
func (w *wine) endAll(program string) (ended int, err error) {
	running, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	name := filepath.Join(w.bin, program+".exe")
	for _, path := range running {
		line, _ := os.ReadFile(path) // it may have ended
		if !strings.HasPrefix(string(line), name) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return ended, err
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}

// forWine makes a terminal ready for wine's console, which leaves its modes as they are: raw, since Windows programs
// get keys and not lines, and so wide that no line is broken.
func forWine(terminal *os.File) error {
	if _, err := term.MakeRaw(int(terminal.Fd())); err != nil {
		return err
	}
	return pty.Setsize(terminal, &pty.Winsize{Rows: wineRows, Cols: wineColumns})
}
