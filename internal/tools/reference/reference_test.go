package reference_test

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

	"rolecall/internal/tools/reference"
)

const root = "../../.."

// goFiles parses the program's files below a folder of the checkout.
func goFiles(t *testing.T, folder string, look func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{"tools", "e2e", "testdata", "testbed"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			look(path, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A variable that the code reads is in the manual, or in the list of those that are left out; and nothing else is.
func TestVariables(t *testing.T) {
	read, constants := map[string]string{}, constants(t)
	goFiles(t, "internal", func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && len(call.Args) == 1 && strings.EqualFold(lastName(call.Fun), "getenv") {
				value := constants[lastName(call.Args[0])]
				if literal, ok := call.Args[0].(*ast.BasicLit); ok {
					value = unquote(t, literal)
				}
				if value != "" {
					read[value] = path
				}
			}
			return true
		})
	})
	if len(read) < 30 {
		t.Fatalf("only %d variables were found", len(read))
	}
	var named []string
	for _, v := range reference.Variables() {
		named = append(named, strings.Split(v.Name, ", ")...)
	}
	unnamed := reference.Unnamed()
	for name, path := range read {
		_, left := unnamed[name]
		known := slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, name) })
		if left == known {
			t.Errorf("%s, which %s reads, must be in either Variables or Unnamed", name, path)
		}
	}
	all := program(t)
	for _, name := range named {
		if !strings.Contains(all, name) && !strings.Contains(all, strings.ToLower(name)) {
			t.Errorf("%s is in the manual, and in no file of the program", name)
		}
	}
}

// lastName returns the name of an identifier, or the last one of a selector.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func unquote(t *testing.T, literal *ast.BasicLit) string {
	t.Helper()
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// constants returns the texts that have a name.
func constants(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	goFiles(t, "internal", func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == len(spec.Names) {
				for n, value := range spec.Values {
					if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
						found[spec.Names[n].Name] = unquote(t, literal)
					}
				}
			}
			return true
		})
	})
	return found
}

// program is the text of all files of the program.
func program(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	goFiles(t, "internal", func(path string, _ *ast.File) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	})
	return b.String()
}

// The comments of settings are for people who write the file: no names of Go, and a sentence each.
func TestSettings(t *testing.T) {
	tables, err := reference.Settings(root)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := reference.Policy(root)
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	inGo := regexp.MustCompile(`\b(nil|StartURLs?|DefaultSession|RememberGuard|GuardedRoles|Remembered|[a-z]+[A-Z]\w+)\b`)
	for _, table := range append(tables, rules...) {
		if table.Head != "" && table.Text == "" {
			t.Errorf("%s has no text", table.Head)
		}
		for _, key := range table.Keys {
			keys++
			if found := inGo.FindString(key.Text); found != "" || len(key.Text) < 12 {
				t.Errorf("%s %s: %q does not help people (%s)", table.Head, key.Name, key.Text, found)
			}
		}
	}
	if keys < 55 {
		t.Errorf("only %d keys were found", keys)
	}
}

// docs/seed.md names each field that the parser reads.
func TestTheSeedFilesFields(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/seed.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	goFiles(t, "internal/idc/seed", func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if _, isMap := literal.Type.(*ast.MapType); !isMap {
				return true
			}
			for _, element := range literal.Elts {
				pair, ok := element.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key, ok := pair.Key.(*ast.BasicLit)
				if !ok || key.Kind != token.STRING {
					continue
				}
				found++
				name, err := strconv.Unquote(key.Value)
				if err != nil {
					t.Fatal(err)
				}
				if !regexp.MustCompile(`\b` + name + `:`).Match(text) {
					t.Errorf("docs/seed.md does not show the field %q of %s", name, path)
				}
			}
			return true
		})
	})
	if found < 40 {
		t.Errorf("only %d fields were found", found)
	}
}

func TestExitCodes(t *testing.T) {
	codes, err := reference.ExitCodes(root)
	if err != nil || len(codes) != 10 || codes[3] != (reference.Code{Number: "3", Text: "You have to sign in."}) {
		t.Errorf("%+v, %v", codes, err)
	}
	for _, code := range codes {
		if code.Text == "" {
			t.Errorf("exit code %s has no text", code.Number)
		}
	}
}

// Indented lines are shown as they are; others are filled, but a line with a label of its own begins a new paragraph.
func TestBlocks(t *testing.T) {
	got := reference.Blocks("Do it.\n\n  a b\n    c\n\nOne\ntwo.\nFields: x\nFunctions: y\n  z\n\n" +
		"when  it is\n      so\nthen  not\n")
	want := []reference.Block{
		{Text: "Do it."},
		{Text: "a b\n  c", Literal: true},
		{Text: "One two."},
		{Text: "Fields: x"},
		{Text: "Functions: y"},
		{Text: "z", Literal: true},
		{Text: "when  it is\n      so\nthen  not", Literal: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
