// Command visit ADDRESS [USER [-deny]] is the browser of the stories, for Windows programs: BROWSER=visit. It signs in
// as USER, and answers no with -deny. It prints its arguments, and the title of the page that it ends on.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"rolecall/internal/idc/visitor"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var person visitor.Visitor
	if len(os.Args) > 2 {
		person = visitor.Visitor{User: os.Args[2], Password: "correct-horse-" + os.Args[2], Deny: len(os.Args) > 3}
	}
	title, err := person.Visit(ctx, os.Args[1])
	fmt.Printf("browser: %q\ntitle: %s\n", os.Args[1:], title)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
