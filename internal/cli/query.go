package cli

import (
	"encoding/json"

	"github.com/jmespath-community/go-jmespath"
)

// printAnswer prints what expression selects from answer, or all of it.
func (a *App) printAnswer(answer any, expression jmespath.JMESPath) error {
	if expression == nil {
		return a.printJSON(answer)
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	picked, err := search(expression, plain)
	if err != nil {
		return err
	}
	return a.printJSON(picked)
}

// compileQuery reads a JMESPath expression. The library panics on some, such as a name before U+0080.
func compileQuery(text string) (expression jmespath.JMESPath, err error) {
	defer recoverQuery(&err)
	if expression, err = jmespath.Compile(text); err != nil {
		err = Usagef("--query: %w", err)
	}
	return expression, err
}

// search returns what expression selects from answer.
func search(expression jmespath.JMESPath, answer any) (picked any, err error) {
	defer recoverQuery(&err)
	if picked, err = expression.Search(answer); err != nil {
		err = Usagef("--query: %w", err)
	}
	return picked, err
}

func recoverQuery(err *error) {
	if problem := recover(); problem != nil {
		*err = Usagef("--query cannot be evaluated: %v", problem)
	}
}
