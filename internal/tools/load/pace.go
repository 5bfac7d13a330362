package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// together measures what several processes of one person ask of the portal in real time: under one pace, the limit
// refuses next to nothing, and is used up.
func (p person) together() error {
	match := func(role int) *exec.Cmd { // fifty accounts
		args := []string{"exec", "--role", fmt.Sprintf("Role%02d", role)}
		for tens := range 5 {
			args = append(args, "--match", fmt.Sprintf("team-payments-00%d?-prod", tens))
		}
		return p.command(append(args, "--", "true")...)
	}
	if err := p.measureTogether("sync beside exec --match", []*exec.Cmd{p.command("sync"), match(0)}, nil); err != nil {
		return err
	}
	var eight []*exec.Cmd
	for role := range 8 {
		eight = append(eight, match(1+role))
	}
	singles := func(account int) *exec.Cmd {
		return p.command("process", "--session", "corp", "--account", accountID(account), "--role", "Role09")
	}
	return p.measureTogether("eight exec --match, two loops of process", eight, []func(int) *exec.Cmd{
		func(i int) *exec.Cmd { return singles(100 + i) }, func(i int) *exec.Cmd { return singles(200 + i) },
	})
}

// measureTogether runs commands at once, beside loops of fifty processes, one after the other.
func (p person) measureTogether(name string, commands []*exec.Cmd, loops []func(i int) *exec.Cmd) error {
	before, err := p.requests()
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	failures := make(chan error, len(commands)+len(loops))
	begun := time.Now()
	for _, cmd := range commands {
		all.Go(func() { failures <- runQuietly(cmd) })
	}
	for _, loop := range loops {
		all.Go(func() {
			var failed []error
			for i := range 50 {
				failed = append(failed, runQuietly(loop(i)))
			}
			failures <- errors.Join(failed...)
		})
	}
	all.Wait()
	close(failures)
	took := time.Since(begun)
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	after, metricsError := p.requests()
	if err = errors.Join(err, metricsError); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if after.asked == before.asked {
		return fmt.Errorf("%s: the server has counted no request", name)
	}
	refused := after.refused - before.refused
	asked := after.asked - before.asked
	allowed := time.Duration(asked-20) * time.Second / 20 // a burst of 20, and 20 a second
	fmt.Printf("%d processes at a time, %s: %d requests in %.1f s, %.3f of what the limit allows (goal 1.1); "+
		"%d refused, %.2f%% (goal 1%%)\n", len(commands)+len(loops), name, asked, took.Seconds(),
		took.Seconds()/allowed.Seconds(), refused, 100*float64(refused)/float64(asked))
	return nil
}

func runQuietly(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said.String())
	}
	return nil
}

// requests are those of the portal that the server has counted.
type requests struct{ asked, refused int }

var counted = regexp.MustCompile(`(?m)^rolecall_idc_request_duration_seconds_count` +
	`\{route="(?:GET )?/(?:assignment|federation/credentials)[^"]*",status="(\d+)"\} (\d+)`)

func (p person) requests() (requests, error) {
	answer, err := http.Get(p.url + "/metrics")
	if err != nil {
		return requests{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return requests{}, err
	}
	var r requests
	for _, line := range counted.FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.Atoi(line[2])
		if err != nil {
			return r, err
		}
		r.asked += n
		if line[1] == "429" {
			r.refused += n
		}
	}
	return r, nil
}
