// Package arch holds the drawing of the house against its walls: which room may
// enter which. ARCHITECTURE.md says why.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms says which rooms each room may enter. Paths are below internal/; the
// programs are below the root.
var rooms = map[string][]string{
	"cmd/rolecall":         {"cli", "cli/local", "export", "machine", "nodump", "process", "terminal"},
	"cmd/rolecall-process": {"export", "nodump", "process"},

	"cli": {
		"access", "audit", "audit/copies", "awsconfig", "batch", "browser", "cache", "console", "credentials", "discovery",
		"doctor", "export", "filesystem", "handout", "identitycenter", "identitycenter/client", "imports", "inventory",
		"login", "loopback", "machine", "near", "nodump", "pace", "peer", "picker", "policy", "profiles", "project",
		"settings", "terminal", "vault", "words", "written",
	},
	"cli/local": { // where both houses meet
		"awsconfig", "cli", "export", "filesystem", "identitycenter", "login",
		"idc", "idc/directory", "idc/faults", "idc/gate", "idc/oidc", "idc/operator", "idc/pattern", "idc/proxy",
		"idc/refusals", "idc/seed", "idc/store", "idc/visitor",
	},
	"access":       {"identitycenter", "login", "pace"},
	"audit":        {"filesystem"},
	"audit/copies": {},
	"awsconfig":    {"filesystem", "identitycenter", "near", "words"}, // filesystem.Open, for Windows' sake
	"batch":        {"terminal"},
	"browser":      {"filesystem", "words"},
	"cache":        {"filesystem", "identitycenter"},
	"credentials": {
		"access", "awsconfig", "cache", "filesystem", "identitycenter", "identitycenter/client", "near",
	},
	"console":               {"identitycenter", "identitycenter/client"},
	"discovery":             {"identitycenter", "identitycenter/client"},
	"doctor":                {"awsconfig", "cache", "discovery", "filesystem", "identitycenter", "words"},
	"export":                {"identitycenter"},
	"filesystem":            {},
	"handout":               {"identitycenter"},
	"identitycenter":        {},
	"identitycenter/client": {"filesystem", "identitycenter"},
	"imports": {
		"awsconfig", "filesystem", "identitycenter", "inventory", "profiles", "settings", "words",
	},
	"inventory": {"access", "filesystem", "identitycenter", "near", "settings"},
	"login":     {"cache", "filesystem", "identitycenter", "loopback", "peer", "vault"},
	"loopback":  {"peer"},
	"near":      {},
	"nodump":    {},
	"pace":      {"filesystem"},
	"peer":      {},
	"picker":    {"terminal"},
	"process":   {"audit", "awsconfig", "cache", "filesystem", "identitycenter", "machine"},
	"project":   {"filesystem"},
	"profiles":  {"awsconfig", "identitycenter", "inventory", "words"},
	"settings":  {"filesystem", "policy"},
	"machine":   {},
	"policy":    {},
	"terminal":  {},
	"written":   {"awsconfig", "identitycenter"},
	"vault":     {"filesystem"},
	"words":     {},

	"idc": {
		"filesystem", "idc/admin", "idc/directory", "idc/federation", "idc/limits", "idc/oidc", "idc/partition",
		"idc/pattern",
		"idc/portal", "idc/proxy", "idc/refusals", "idc/seed", "idc/store", "idc/store/sqlite", "idc/sts", "idc/website",
		"idc/wire",
	},
	"idc/admin":          {"idc/directory", "idc/pattern", "idc/store", "idc/wire"},
	"idc/awsmodel":       {},
	"idc/directory":      {"idc/partition", "idc/pattern", "idc/store"},
	"idc/federation":     {"idc/oidc", "idc/partition", "idc/pattern", "idc/sts", "idc/wire"},
	"idc/faults":         {"idc/pattern", "near"},
	"idc/gate":           {},
	"idc/idctest":        {"idc", "idc/directory", "idc/seed", "idc/store"},
	"idc/limits":         {},
	"idc/oidc":           {"idc/directory", "idc/limits", "idc/partition", "idc/refusals", "idc/store", "idc/wire"},
	"idc/operator":       {"filesystem", "idc/directory", "idc/refusals", "idc/seed", "idc/store", "peer"},
	"idc/portal":         {"idc/directory", "idc/limits", "idc/oidc", "idc/store", "idc/sts", "idc/wire"},
	"idc/partition":      {},
	"idc/pattern":        {},
	"idc/proxy":          {"filesystem", "idc/partition"},
	"idc/seed":           {"idc/directory", "idc/partition", "idc/pattern", "idc/store", "near"},
	"idc/store":          {},
	"idc/store/contract": {"idc/store"},
	"idc/store/sqlite":   {"filesystem", "idc/store"},
	"idc/refusals":       {"idc/limits", "idc/store"},
	"idc/sts":            {"idc/directory", "idc/partition", "idc/refusals", "idc/store", "idc/wire"},
	"idc/visitor":        {},
	"idc/website": {
		"idc/directory", "idc/federation", "idc/limits", "idc/oidc", "idc/refusals", "idc/store", "idc/sts",
	},
	"idc/wire": {},

	"testbed": { // for tests: both houses in one process
		"access", "cache", "filesystem", "identitycenter", "identitycenter/client", "login", "pace", "idc", "idc/idctest",
	},
	"e2e/testdata/windows/launch": {}, // what the Windows programs need under wine
	"e2e/testdata/windows/probe":  {},
	"e2e/testdata/windows/true":   {},
	"e2e/testdata/windows/visit":  {"idc/visitor"},

	"awsconfig/sdkcases": {}, // files for tests
	"hostile":            {}, // names for tests
	"proof":              {}, // what tests note

	"tools/bench":     {"tools/peak"},
	"tools/cover":     {},
	"tools/dist":      {},
	"tools/man":       {"tools/reference"},
	"tools/mutants":   {},
	"tools/proof":     {"proof"},
	"tools/load":      {"idc", "idc/directory", "idc/store", "idc/visitor", "tools/peak"},
	"tools/peak":      {},
	"tools/site":      {"tools/reference"},
	"tools/reference": {"cli", "cli/local", "policy", "settings"},
}

// foreign says which rooms alone may use a library.
var foreign = map[string][]string{
	"github.com/aws/":                {"identitycenter/client", "credentials", "e2e/testdata/windows/probe"},
	"github.com/spf13/cobra":         {"cli", "cli/local", "tools/reference"},
	"github.com/yuin/goldmark":       {"tools/man", "tools/site"},
	"golang.org/x/net":               {"tools/site"},
	"github.com/jmespath-community/": {"cli"},
	"charm.land/bubbletea/":          {"picker"},
	"charm.land/lipgloss/":           {"batch", "cli", "picker"},
	"github.com/junegunn/fzf":        {"picker"},
	"imports": {
		"awsconfig", "filesystem", "identitycenter", "inventory", "profiles", "settings", "words",
	},
	"github.com/pelletier/go-toml/":    {"imports", "policy", "settings"},
	"golang.org/x/crypto":              {"idc/directory", "vault"},
	"github.com/godbus/dbus/":          {"vault"},
	"github.com/zalando/go-keyring":    {"vault"},
	"golang.org/x/sync":                {"access", "tools/dist"},
	"rsc.io/qr":                        {"terminal"},
	"github.com/gofrs/flock":           {"filesystem"},
	"github.com/google/uuid":           {"idc/admin", "idc/directory", "idc/wire"},
	"github.com/Microsoft/":            {"idc/operator"},
	"database/sql":                     {"idc/store/sqlite"},
	"modernc.org/":                     {"idc/store/sqlite"},
	"go.yaml.in/":                      {"idc/seed", "imports"},
	"github.com/google/go-cmp":         {"idc/store/contract"},
	"github.com/rogpeppe/go-internal/": {"cli"}, // profiles diff
}

func TestTheDrawing(t *testing.T) {
	imports := walk(t, "../..")
	for room, enters := range imports {
		allowed, drawn := rooms[room]
		if !drawn {
			t.Errorf("%s is not in the drawing", room)
		}
		for _, path := range enters {
			if other, ours := strings.CutPrefix(path, "rolecall/internal/"); ours {
				if !slices.Contains(allowed, other) {
					t.Errorf("%s enters %s: not in the drawing", room, other)
				}
				continue
			}
			for library, users := range foreign {
				if strings.HasPrefix(path, library) && !slices.Contains(users, room) {
					t.Errorf("%s uses %s, which is for %v", room, path, users)
				}
			}
		}
		for _, other := range allowed {
			if !slices.Contains(enters, "rolecall/internal/"+other) {
				t.Errorf("%s does not enter %s any more: take it out of the drawing", room, other)
			}
		}
	}
	for room := range rooms {
		if _, there := imports[room]; !there {
			t.Errorf("there is no room %s any more", room)
		}
	}
}

// neutral rooms know nothing of Identity Center; both houses may enter them.
var neutral = []string{"filesystem", "near", "peer", "words"}

// Client rooms and the embedded server's meet over HTTP only.
func TestTheTwoHousesDoNotMeet(t *testing.T) {
	for room, allowed := range rooms {
		if room == "cli/local" || room == "testbed" || room == "cmd/rolecall" ||
			strings.HasPrefix(room, "tools/") || strings.HasPrefix(room, "e2e/") { // they wire both
			continue
		}
		for _, other := range allowed {
			if !slices.Contains(neutral, other) && ofServer(room) != ofServer(other) {
				t.Errorf("%s may enter %s: they meet over HTTP", room, other)
			}
		}
	}
	for _, room := range neutral {
		if len(rooms[room]) > 0 {
			t.Errorf("%s enters %v: it would bring them into both houses", room, rooms[room])
		}
	}
}

func ofServer(room string) bool { return room == "idc" || strings.HasPrefix(room, "idc/") }

// The server's house tells the time in one way: each room is given Now. idctest is the real world of tests.
func TestTheServerHasOneClock(t *testing.T) {
	err := filepath.WalkDir("../idc", func(path string, d fs.DirEntry, err error) error {
		skip := strings.HasSuffix(path, "_test.go") || strings.Contains(filepath.ToSlash(path), "/idctest/")
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || skip {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Now", "Since", "Until"}, f.Sel.Name) {
				if room, ok := f.X.(*ast.Ident); ok && room.Name == "time" {
					t.Errorf("%s calls time.%s: it has a Now of its own", path, f.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rolecall-process starts in a millisecond because of what it does not link.
func TestTheLeanProgramIsLean(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "rolecall/cmd/rolecall-process").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		for _, heavy := range []string{
			"net/http", "crypto/tls", "database/sql", "modernc.org/", "github.com/aws/",
			"github.com/spf13/", "golang.org/x/term",
		} {
			if strings.HasPrefix(path, heavy) {
				t.Errorf("rolecall-process links %s", path)
			}
		}
	}
}

// Commands print JSON through terminal.WriteJSON alone, which escapes what a terminal would obey or hide: an encoder of
// their own would not.
func TestOnePlaceWritesJSON(t *testing.T) {
	for _, room := range []string{"cli", "cli/local", "batch"} {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(room), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", room, len(files), err)
		}
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.SelectorExpr)
				if !ok || strings.HasSuffix(path, "_test.go") {
					return true
				}
				if p, ok := call.X.(*ast.Ident); ok && p.Name == "json" &&
					slices.Contains([]string{"NewEncoder", "MarshalIndent"}, call.Sel.Name) {
					t.Errorf("%s uses json.%s", path, call.Sel.Name)
				}
				return true
			})
		}
	}
}

// walk gives what each package imports outside of tests.
func walk(t *testing.T, root string) map[string][]string {
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, filepath.Dir(path))
		room := strings.TrimPrefix(filepath.ToSlash(relative), "internal/")
		if room == "tools" { // the module of the development tools
			return err
		}
		imports[room] = append(imports[room], []string{}...) // a room may import nothing at all
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[room] = append(imports[room], name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}
