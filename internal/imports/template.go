package imports

import (
	"fmt"
	"strings"
	"text/template/parse"
)

// Fields of another tool's templates, in ours.
func awsSSOFields() map[string]string {
	return map[string]string{
		"AccountName": "(or .Alias .AccountName)", "AccountAlias": ".AccountName", "AccountIdPad": ".AccountID",
		"AccountId": ".AccountID", "RoleName": ".RoleName", "SSO": ".Session", "EmailAddress": ".Email",
	}
}

func grantedFields() map[string]string {
	return map[string]string{
		"AccountName": ".AccountName", "AccountId": ".AccountID", "AccountID": ".AccountID", "RoleName": ".RoleName",
	}
}

// translate rewrites a template of profile names. The problem says what has no equal here.
func translate(text string, fields map[string]string) (ours, problem string) {
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	tree, err := tree.Parse(text, "", "", map[string]*parse.Tree{})
	if err != nil || !isText(text) {
		return "", "the template cannot be read"
	}
	var b strings.Builder
	for _, n := range tree.Root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			b.Write(n.Text)
		case *parse.ActionNode:
			pipe, problem := translatePipe(n.Pipe, fields)
			if problem != "" {
				return "", problem
			}
			b.WriteString("{{ " + bare(pipe) + " }}")
		default:
			return "", "the template has conditions or loops"
		}
	}
	return b.String(), ""
}

func translatePipe(p *parse.PipeNode, fields map[string]string) (ours, problem string) {
	if len(p.Decl) > 0 {
		return "", "the template has variables"
	}
	var all []string
	for _, c := range p.Cmds {
		text, problem := translateCommand(c, fields)
		if problem != "" {
			return "", problem
		}
		all = append(all, text)
	}
	if len(all) == 1 {
		return all[0], ""
	}
	return "(" + strings.Join(all, " | ") + ")", ""
}

func translateCommand(c *parse.CommandNode, fields map[string]string) (ours, problem string) {
	var parts []string
	for _, arg := range c.Args {
		switch arg := arg.(type) {
		case *parse.FieldNode:
			field := fields[strings.Join(arg.Ident, ".")]
			if field == "" {
				return "", arg.String() + " has no equivalent in templates"
			}
			parts = append(parts, field)
		case *parse.StringNode:
			parts = append(parts, arg.Quoted)
		case *parse.PipeNode:
			text, problem := translatePipe(arg, fields)
			if problem != "" {
				return "", problem
			}
			parts = append(parts, "("+bare(text)+")")
		case *parse.IdentifierNode:
			parts = append(parts, arg.Ident)
		default:
			return "", fmt.Sprintf("%s has no equivalent in templates", arg)
		}
	}
	return translateFunction(parts)
}

// translateFunction knows the functions that mean the same here.
func translateFunction(parts []string) (ours, problem string) {
	if strings.HasPrefix(parts[0], ".") || strings.HasPrefix(parts[0], "(") || strings.HasPrefix(parts[0], `"`) {
		if len(parts) > 1 {
			return "", "the template cannot be read"
		}
		return parts[0], ""
	}
	arguments := map[string]int{
		"lower": 0, "upper": 0, "trim": 0, "trimPrefix": 1, "trimSuffix": 1, "replace": 2,
	}
	switch name := parts[0]; {
	case name == "AccountIdStr" && len(parts) == 2: // of .AccountId
		return parts[1], ""
	case name == "nospace" && len(parts) < 3:
		return strings.Join(append([]string{`replace " " ""`}, parts[1:]...), " "), ""
	case name == "FirstItem" && len(parts) > 1:
		return "(or " + strings.Join(parts[1:], " ") + ")", ""
	default:
		n, known := arguments[name]
		if !known || len(parts)-1 < n || len(parts)-1 > n+1 {
			return "", "the function " + name + " has no equivalent in templates"
		}
	}
	return strings.Join(parts, " "), ""
}

// bare removes parentheses around the whole text.
func bare(text string) string {
	depth := 0
	for i, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 && i < len(text)-1 {
			return text
		}
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
}
