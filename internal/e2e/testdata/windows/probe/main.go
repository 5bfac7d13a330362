// Command probe is what the tests of the Windows programs run as a person's own programs:
//
//	probe args ARGUMENT …       prints its arguments and its AWS variables as JSON
//	probe exit CODE             ends with the code
//	probe hold FILE DURATION    keeps the file open, as another program that reads it, and says "held" when it has it
//	probe sdk PROFILE           prints the access key id that the AWS SDK for Go gets for the profile
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	code, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		code = 99
	}
	os.Exit(code)
}

func run(what string, args []string) (code int, err error) {
	switch what {
	case "args":
		variables := map[string]string{}
		for _, entry := range os.Environ() {
			if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
				variables[name] = value
			}
		}
		return 0, json.NewEncoder(os.Stdout).Encode(map[string]any{"args": args, "variables": variables})
	case "exit":
		return strconv.Atoi(args[0])
	case "hold":
		return 0, hold(args[0], args[1])
	case "sdk":
		return 0, sdk(args[0])
	}
	return 0, fmt.Errorf("%s: unknown", what)
}

func hold(path, duration string) error {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	fmt.Println("held")
	time.Sleep(d)
	return file.Close()
}

func sdk(profile string) error {
	ctx := context.Background()
	c, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
	if err != nil {
		return err
	}
	keys, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	fmt.Println(keys.AccessKeyID)
	return nil
}
