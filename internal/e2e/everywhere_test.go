//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/proof"
)

// A crossing is a fault on a route that a command asks.
type crossing struct {
	spec  string
	tls   bool // through the proxy
	at    playing
	fault string
}

func (c crossing) name() string {
	state := map[homeState]string{expired: " (expired)"}[c.at.state]
	return strings.ReplaceAll(c.spec, "/", "|") + ": " + strings.ReplaceAll(c.at.line, "/", "|") + state
}

// crossings returns each fault, in each form of the table of everyFault, on each route where it can be played, at
// each command that asks it.
func crossings(t *testing.T) []crossing {
	t.Helper()
	var all []crossing
	for _, f := range faults.List() {
		if slices.Contains(coveredElsewhere, f.Name) {
			continue
		}
		forms, tls := formsOf(f.Name)
		for _, form := range forms {
			for _, p := range playings {
				for _, spec := range specsAt(f, form, p, tls) {
					all = append(all, crossing{spec, tls, p, f.Name})
				}
			}
		}
	}
	if len(all) < 1000 {
		t.Fatalf("only %d", len(all))
	}
	return all
}

// outage reports whether the server is away while a person signs in: the command waits for it.
func (c crossing) outage() bool {
	return strings.Contains(c.spec, "@token") && !strings.Contains(c.spec, "#") && c.fault == "unavailable" &&
		strings.Contains(c.at.line, "--device-code")
}

var routeOfSpec = regexp.MustCompile(`@[a-z+]+`)

// formsOf returns the specs of a fault without routes.
func formsOf(fault string) (forms []string, tls bool) {
	for _, m := range meetings {
		if nameOf(m.spec) != fault {
			continue
		}
		tls = tls || m.with == viaProxy
		if form := routeOfSpec.ReplaceAllString(m.spec, ""); !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	if forms == nil {
		forms = []string{fault}
	}
	return forms, tls
}

// specsAt returns the specs with which a fault is played at a command: on one route at a time. TLS is set up before
// any route is known, special forms have their own, and what /authorize answers only a browser sees.
func specsAt(f faults.Fault, form string, p playing, tls bool) (specs []string) {
	if tls || p.routes == "all" {
		if tls && (p.state == noConfig || strings.Contains(p.routes, "authorize")) {
			return nil // AWS's pages are for browsers with the proxy
		}
		return playable(form, "all")
	}
	for route := range strings.SplitSeq(p.routes, "+") {
		at := routeOfForm(form)
		if at != "" && at != route || route == "authorize" && f.Routes != route {
			continue
		}
		specs = append(specs, playable(shortened(f, form, route, p), route)...)
	}
	return specs
}

// shortened ends a fault after two requests where a command would wait for a minute: listings wait for a limit, and
// device sign-ins for a server to come back.
func shortened(f faults.Fault, form, route string, p playing) string {
	listing := (route == "accounts" || route == "roles" || strings.HasPrefix(p.line, "exec --match")) &&
		slices.Contains(patient, f.Name)
	device := route == "token" && strings.Contains(p.line, "--device-code") && f.Name != "unavailable" &&
		strings.Contains(wantOf(form, f.Name), "5")
	if countOfSpec.FindString(form) == "" && (listing || device) {
		return form + "#2"
	}
	return form
}

// routeOfForm returns where the table of everyFault plays a fault in a special form, or "".
func routeOfForm(form string) string {
	if !strings.ContainsAny(form, "=#~") {
		return ""
	}
	for _, m := range meetings {
		if routeOfSpec.ReplaceAllString(m.spec, "") != form {
			continue
		}
		if at := routeOfSpec.FindString(m.spec); at != "" {
			return at[1:]
		}
		return map[string]string{askKeys: "credentials", askAccounts: "accounts", askRoles: "roles"}[m.with]
	}
	return ""
}

var countOfSpec = regexp.MustCompile(`(?:[#~][0-9]+)*$`)

// playable returns the spec of a form on a route, or nothing if it cannot be played there.
func playable(form, route string) []string {
	count := countOfSpec.FindString(form)
	spec := strings.TrimSuffix(form, count) + "@" + route + count
	player := faults.New(time.Now)
	if player.Play([]string{spec}) != nil {
		return nil
	}
	return []string{spec}
}

// share returns a part of all: each fault with two commands, each command with five faults.
func share(all []crossing) []crossing {
	all = slices.DeleteFunc(slices.Clone(all), crossing.outage)
	hash := func(c crossing) uint32 {
		h := fnv.New32a()
		fmt.Fprint(h, c.name())
		return h.Sum32()
	}
	slices.SortFunc(all, func(a, b crossing) int { return int(int64(hash(a)) - int64(hash(b))) })
	perFault, perCommand := map[string][]playing{}, map[playing][]string{}
	var some []crossing
	take := func(wanted func(c crossing) bool) {
		for _, c := range all {
			if wanted(c) && !slices.Contains(perCommand[c.at], c.fault) {
				some = append(some, c)
				perFault[c.fault], perCommand[c.at] = append(perFault[c.fault], c.at), append(perCommand[c.at], c.fault)
			}
		}
	}
	take(func(c crossing) bool { return len(perCommand[c.at]) < 5 && len(perFault[c.fault]) < 2 })
	take(func(c crossing) bool { return len(perFault[c.fault]) < 2 })
	take(func(c crossing) bool { return len(perCommand[c.at]) < 5 })
	return some
}

// Every command of ours meets every fault that it can meet.
func everyFaultAtEveryCommand(t *testing.T) {
	t.Parallel()
	all := crossings(t)
	if os.Getenv("ROLECALL_ANSWERS") != "all" {
		all = share(all)
	}
	t.Logf("%d", len(all))
	plain, tls := make(chan crossing), make(chan crossing)
	var workers sync.WaitGroup
	work := func(b *bench, queue chan crossing) {
		workers.Go(func() {
			for c := range queue {
				t.Run(c.name(), func(t *testing.T) { b.cross(t, c) })
			}
		})
	}
	for range atOnce {
		work(newBench(t), plain)
	}
	work(newProxiedBench(t), tls)
	var feeders sync.WaitGroup
	for queue, wanted := range map[chan crossing]bool{plain: false, tls: true} {
		feeders.Go(func() {
			for _, c := range all {
				if c.tls == wanted {
					queue <- c
				}
			}
			close(queue)
		})
	}
	feeders.Wait()
	workers.Wait()
}

// newProxiedBench returns a bench whose commands reach AWS's own host names, over TLS.
func newProxiedBench(t *testing.T) *bench {
	t.Helper()
	w, err := newWorld(filepath.Join(t.TempDir(), "home"), oidc.Options{NoLimits: true, RefreshGrace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.faults.Play(nil); w.close() })
	environ, err := w.withProxy()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{world: w, base: environ}
	b.login(t, w.home, "rolecall", "login", "--device-code", "corp")
	return b
}

// login signs alice in, without faults.
func (b *bench) login(t *testing.T, home string, argv ...string) {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
	defer cancel()
	code, screen, err := aTerminal{user: "alice"}.run(ctx, argv, b.in(home), &out)
	if err != nil || code != 0 {
		t.Fatalf("%d %v\n%s", code, err, screen)
	}
}

func (b *bench) in(home string) []string { return append(slices.Clone(b.base), "HOME="+home) }

// homeFor makes a home as a command needs it.
func (b *bench) homeFor(t *testing.T, c crossing) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	config := b.configText()
	switch c.at.state {
	case signedIn, expired:
		if err := os.CopyFS(home, os.DirFS(b.home)); err != nil {
			t.Fatal(err)
		}
		chmodAll(t, home)
		if c.at.state == expired {
			if err := editFile(b.tokenPath(home), endIn("expiresAt", -time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		return home
	case noConfig:
		config = "# the person's own comment\n"
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(home, ".aws"), 0o700),
		os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(config), 0o600)); err != nil {
		t.Fatal(err)
	}
	if c.at.state == ownLogin {
		argv := []string{"rolecall", "login", "corp"}
		if c.tls {
			argv = []string{"rolecall", "login", "--device-code", "corp"}
		}
		b.login(t, home, argv...)
	}
	return home
}

// cross plays the fault, runs the command, and checks what must hold for all of them.
func (b *bench) cross(t *testing.T, c crossing) {
	home := b.homeFor(t, c)
	config, err := os.ReadFile(filepath.Join(home, ".aws", "config"))
	if err != nil {
		t.Fatal(err)
	}
	session, _ := os.ReadFile(b.tokenPath(home))
	if err := b.faults.Play([]string{c.spec}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	line := strings.ReplaceAll(c.at.line, "CENTER", b.url+"/start")
	terminal := c.at.state >= noLogin || strings.HasPrefix(line, "login")
	e := run(ctx, t, terminal, append([]string{"rolecall"}, strings.Fields(line)...), b.in(home))
	_ = b.faults.Play(nil)
	most := longestListing
	if c.outage() {
		most = 2 * time.Minute
	}
	if strings.HasPrefix(c.fault, "retry-after") && strings.Contains(line, "--match") {
		most = 2*time.Minute + 5*time.Second // a minute's patience with each of two accounts
	}
	if e.took > most {
		t.Errorf("it took %s", e.took)
	}
	if e.kib > mostKiB {
		t.Errorf("it took %d KiB", e.kib)
	}
	if found := wild.FindString(e.stderr); found != "" {
		t.Errorf("%q on stderr", found)
	}
	e.stderr = withoutTable(withoutJSON(e.stderr))
	e.checkText(t, meeting{}, session)
	e.checkOutput(t, c)
	after, err := os.ReadFile(filepath.Join(home, ".aws", "config"))
	unchanged := bytes.Equal(after, config)
	if c.at.state == noConfig { // it writes the session first
		unchanged = bytes.HasPrefix(after, config)
	}
	if err != nil || (e.code != 0 || !c.at.writes) && !unchanged {
		t.Errorf("the config has changed: %v", err)
	}
	b.checkLeft(t, c, e, home, session)
	if !slices.Contains(strings.Fields(codesFor(c)), fmt.Sprint(e.code)) {
		t.Errorf("exit code %d, want %s", e.code, codesFor(c))
	}
	proof.Note(t, "answers", 1, 1)
	t.Logf("MATRIX\t%d\t%s\t%.1f s\t%s", e.code, c.name(), e.took.Seconds(), e.tail()[0])
	if t.Failed() {
		t.Logf("exit code %d after %s\n%.2000s\nstdout: %.600s", e.code, e.took, e.stderr, e.out)
	}
}
