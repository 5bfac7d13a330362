package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A message is a text of the program that can reach a person.
type message struct{ at, text string }

// messages returns the texts of errors below internal: those of fmt.Errorf, errors.New and the like, and those that
// methods Error make.
func messages(t *testing.T) []message {
	t.Helper()
	const root = "../.."
	var found []message
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains(elsewhere(), filepath.ToSlash(below)) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			inError := isFunc && f.Recv != nil && f.Name.Name == "Error"
			ast.Inspect(decl, func(n ast.Node) bool {
				if text, ok := messageOf(n, inError); ok {
					found = append(found, message{filepath.ToSlash(below) + ":" + strconv.Itoa(files.Position(n.Pos()).Line), text})
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// elsewhere are folders whose errors reach nobody who uses rolecall, or not as such.
func elsewhere() []string {
	return []string{
		"tools", "e2e", "testbed", "hostile", "proof", "arch", // for tests and builds
		"idc/awsmodel", "idc/idctest", "idc/visitor", "idc/store/contract",
		// What the local Identity Center answers to clients is AWS's words, and its pages explain themselves.
		"idc/admin", "idc/oidc", "idc/portal", "idc/sts", "idc/website", "idc/federation", "idc/wire",
		"idc/store",  // is reported behind "the data directory …" with the words of SQLite
		"idc/seed",   // each problem has file, line and field; docs/seed.md says what is allowed
		"idc/faults", // usage of a SPEC, explained in docs/faults.md
	}
}

// makers are the functions whose first text becomes an error.
func makers() []string {
	return []string{"Errorf", "New", "Usagef", "usagef", "invalid", "fail", "wrong", "problem"}
}

func messageOf(n ast.Node, inError bool) (string, bool) {
	if pair, ok := n.(*ast.KeyValueExpr); ok {
		if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Problem" {
			text := firstText(pair.Value)
			return text, text != ""
		}
		return "", false
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if package_, ok := f.X.(*ast.Ident); ok && name == "New" && package_.Name != "errors" {
			return "", false
		}
	}
	if !slices.Contains(makers(), name) && !(inError && name == "Sprintf") {
		return "", false
	}
	text := ""
	for _, arg := range call.Args { // wrong("key", "is missing"): the last text counts
		if last := firstText(arg); last != "" {
			text = last
		}
	}
	return text, text != ""
}

// firstText returns the text that an expression is, or begins with; texts that follow at once are added.
func firstText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if value, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return value
		}
	case *ast.BinaryExpr:
		left := firstText(e.X)
		if right := firstText(e.Y); right != "" {
			if left == "" {
				left = "%v"
			}
			return left + right
		}
		if left != "" {
			return left + "%v"
		}
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return firstText(e.Args[0])
		}
	}
	return ""
}

// verb matches a placeholder of fmt.
var verb = regexp.MustCompile(`%(?:\[\d\])?[-+#0-9.]*[a-zA-Z]`)

// shown is a message as a person could see it, with … for what differs.
func shown(format string) string {
	text := verb.ReplaceAllStringFunc(format, func(v string) string {
		if strings.HasSuffix(v, "q") {
			return `"…"`
		}
		return "…"
	})
	for strings.HasPrefix(text, "…: ") { // what it is about
		text = strings.TrimPrefix(text, "…: ")
	}
	return strings.TrimSpace(text)
}

// entries are the messages that the troubleshooting page explains: code in the first cells below AWS's own.
func entries(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../../site/pages/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, ours, found := strings.Cut(string(text), "\n## Signing in\n")
	if !found {
		t.Fatal("the page has no part about signing in")
	}
	var all []string
	code := regexp.MustCompile("`([^`]+)`")
	for line := range strings.SplitSeq(ours, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, span := range code.FindAllStringSubmatch(cells[1], -1) {
				all = append(all, span[1])
			}
		}
	}
	return all
}

// explains reports whether an entry is about a message: it begins and ends alike, and all fixed parts are there, in
// order. Behind an entry's end a message may go on with what it wraps or adds.
func explains(entry, message string) bool {
	parts := strings.Split(entry, "…")
	if !strings.HasPrefix(message, parts[0]) {
		return false
	}
	for _, part := range parts {
		at := strings.Index(message, part)
		if at < 0 {
			return false
		}
		message = message[at+len(part):]
	}
	return parts[len(parts)-1] == "" || message == "" || strings.HasPrefix(message, ":") ||
		strings.HasPrefix(message, ";") || strings.HasPrefix(message, "…") || strings.HasPrefix(message, " (")
}

var notLetter = regexp.MustCompile(`[^a-zA-Z]`)

// letters counts what is fixed in a message.
func letters(text string) int { return len(notLetter.ReplaceAllString(text, "")) }

// Each message of the program that a person can meet is explained on the page, or left out for a reason.
func TestEachMessageIsExplained(t *testing.T) {
	all, known := messages(t), entries(t)
	if len(all) < 400 || len(known) < 300 {
		t.Fatalf("only %d messages, and %d entries were found", len(all), len(known))
	}
	left := leftOut()
	used := map[string]bool{}
	needed := map[string]bool{}
	for _, m := range all {
		text := shown(m.text)
		if letters(text) < 6 { // the text is all in what it wraps
			continue
		}
		explained := false
		for _, entry := range known {
			if explains(entry, text) && letters(entry) > 3 {
				needed[entry], explained = true, true
			}
		}
		if explained {
			continue
		}
		file, _, _ := strings.Cut(m.at, ":")
		excused := false
		for where := range left {
			if strings.HasPrefix(file+" "+m.text, where) {
				used[where], excused = true, true
			}
		}
		if !excused {
			t.Errorf("%s: %q is not explained in site/pages/troubleshooting.md", m.at, text)
		}
	}
	for _, entry := range known {
		if !needed[entry] {
			t.Errorf("%q is explained, and no error of the program is like that", entry)
		}
	}
	for where, why := range left {
		if !used[where] || why == "" {
			t.Errorf("%q is left out without need", where)
		}
	}
}

// What an entry explains must not be everything.
func TestExplains(t *testing.T) {
	for _, c := range []struct {
		entry, message string
		want           bool
	}{
		{"no access to role …", `no access to role "…" in account …`, true},
		{"… cannot be used with …", "--all cannot be used with a SESSION", true},
		{"… is not a region", `"…" is not a region`, true},
		{"no access to roles", `no access to role "…"`, false},
		{"account … role", "role … account", false},
		{"no role", "no role of yours", false},
		{"no role", "you have no role", false},
		{"no role", "no role: …", true},
	} {
		if got := explains(c.entry, c.message); got != c.want {
			t.Errorf("%q explains %q: %v", c.entry, c.message, got)
		}
	}
}

// leftOut are beginnings of "file text" of messages that need no entry, with the reason.
func leftOut() map[string]string {
	return map[string]string{
		"identitycenter/client/check.go":                "follows: the answer is not what AWS sends",
		"identitycenter/client/json.go":                 "follows: the answer is not what AWS sends",
		"identitycenter/client/oidc.go":                 "follows: the answer is not what AWS sends",
		"identitycenter/client/portal.go":               "follows: the answer is not what AWS sends",
		"identitycenter/client/clock.go":                "follows: this computer's clock is wrong",
		"peer/peer.go %w: %v is no TCP":                 "follows: the system cannot say which user connected",
		"peer/peer_windows.go %w: process":              "follows: the system cannot say which user connected",
		"export/formats.go %w %q; formats":              "is: unknown format",
		"policy/policy.go longest_cached_keys":          "a key; what is wrong is in a variable",
		"settings/settings.go policy.":                  "begins with the key of a rule; the rules' messages are explained",
		"console/hosts.go console.":                     "a host name",
		"idc/directory/access.go it is still assigned":  "is answered to clients of the administrator's API",
		"idc/idc.go the URL of an Identity Center must": "is checked before, by --public-url",
	}
}
