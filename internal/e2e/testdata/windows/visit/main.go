// Command visit is the browser of the stories, for Windows programs: BROWSER=visit. It prints its arguments, and the
// title of the page that it ends on.
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
	title, err := visitor.Visitor{}.Visit(ctx, os.Args[1])
	fmt.Printf("browser: %q\ntitle: %s\n", os.Args[1:], title)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
