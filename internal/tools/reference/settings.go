package reference

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/policy"
	"rolecall/internal/settings"
)

// A Table is a part of a TOML file: its top level, a table, or the entries of a list of tables.
type Table struct {
	Name string // "", "profiles"
	Head string // "[profiles]", "[[account]]"; empty for the top level
	Text string // what it is for
	Keys []Key
}

// A Key is a setting.
type Key struct{ Name, Form, Text string }

// Settings returns the tables of config.toml. Root is the folder of the checkout.
func Settings(root string) ([]Table, error) {
	docs, err := comments(filepath.Join(root, "internal/settings"))
	if err != nil {
		return nil, err
	}
	rules, err := comments(filepath.Join(root, "internal/policy"))
	if err != nil {
		return nil, err
	}
	for name, doc := range rules {
		docs[name] = doc
	}
	return tables(reflect.TypeFor[settings.Settings](), "", "", docs)
}

// Policy returns the keys of policy.toml. Root is the folder of the checkout.
func Policy(root string) ([]Table, error) {
	docs, err := comments(filepath.Join(root, "internal/policy"))
	if err != nil {
		return nil, err
	}
	return tables(reflect.TypeFor[policy.Document](), "", "", docs)
}

// tables returns the table of a struct, and those of its fields, in the order of the fields.
func tables(of reflect.Type, name, head string, docs map[string]string) ([]Table, error) {
	own := Table{Name: name, Head: head, Text: sentence(of.Name(), docs[of.Name()])}
	all := []Table{}
	for field := range fields(of) {
		key := field.Tag.Get("toml")
		inner, form := field.Type, "["+key+"]"
		if inner.Kind() == reflect.Slice {
			inner, form = inner.Elem(), "[["+key+"]]"
		}
		if inner.Kind() == reflect.Struct {
			below, err := tables(inner, key, form, docs)
			if err != nil {
				return nil, err
			}
			all = append(all, below...)
			continue
		}
		text := sentence(field.Name, docs[of.Name()+"."+field.Name])
		if text == "" {
			return nil, fmt.Errorf("%s.%s has no comment that the manual could show", of, field.Name)
		}
		own.Keys = append(own.Keys, Key{key, kind(field.Type), text})
	}
	return append([]Table{own}, all...), nil
}

// fields yields the fields that are read from a file.
func fields(of reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for n := range of.NumField() {
			if tag := of.Field(n).Tag.Get("toml"); tag != "" && tag != "-" && !yield(of.Field(n)) {
				return
			}
		}
	}
}

func kind(of reflect.Type) string {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch of.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "list of texts"
	default:
		return "text"
	}
}

// comments returns the comments of a package's structs and their fields, by "Struct" and "Struct.Field".
func comments(folder string) (map[string]string, error) {
	docs := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if types, ok := decl.(*ast.GenDecl); ok && types.Tok == token.TYPE {
				ofTypes(types, docs)
			}
		}
		return nil
	})
	return docs, err
}

func ofTypes(decl *ast.GenDecl, docs map[string]string) {
	for _, spec := range decl.Specs {
		named := spec.(*ast.TypeSpec)
		body, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		docs[named.Name.Name] = decl.Doc.Text()
		for _, field := range body.Fields.List {
			for _, name := range field.Names {
				docs[named.Name.Name+"."+name.Name] = field.Doc.Text() + field.Comment.Text()
			}
		}
	}
}

// sentence makes of a Go comment what a reader expects: "Storage is where …" becomes "Where …".
func sentence(name, comment string) string {
	text := strings.Join(strings.Fields(comment), " ")
	for _, article := range []string{"A ", "An ", ""} {
		if rest, ok := strings.CutPrefix(text, article+name+" "); ok {
			text = strings.TrimPrefix(strings.TrimPrefix(rest, "is "), "are ")
			break
		}
	}
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+text[size:], ".") + "."
}

// A Code is an exit code.
type Code struct{ Number, Text string }

// ExitCodes returns the exit codes, from the lines that declare them. Root is the folder of the checkout.
func ExitCodes(root string) ([]Code, error) {
	path := filepath.Join(root, "internal/cli/errors.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var codes []Code
	for _, decl := range file.Decls {
		consts, ok := decl.(*ast.GenDecl)
		if !ok || consts.Tok != token.CONST {
			continue
		}
		for _, spec := range consts.Specs {
			value := spec.(*ast.ValueSpec)
			number, ok := value.Values[0].(*ast.BasicLit)
			if !ok || !strings.HasPrefix(value.Names[0].Name, "Exit") {
				continue
			}
			if _, err := strconv.Atoi(number.Value); err != nil {
				return nil, fmt.Errorf("%s: %w", value.Names[0].Name, err)
			}
			codes = append(codes, Code{number.Value, strings.TrimSpace(value.Comment.Text())})
		}
	}
	return codes, nil
}
