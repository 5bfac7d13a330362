package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/tools/peak"
)

// A person with many accounts: 20,000 roles.
const (
	manyAccounts = 2_000
	manyRoles    = 10
)

// scale measures the client for a person with 20,000 roles, in real time, against a server that limits the portal as
// AWS does.
func scale(bin string) error {
	dir, err := os.MkdirTemp("", "rolecall-scale-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := fillMany(filepath.Join(dir, "data")); err != nil {
		return err
	}
	server, err := launch(filepath.Join(bin, "rolecall"), "idc", "serve", "--port", "0", "--data",
		filepath.Join(dir, "data"), "--no-limits", "--portal-limit")
	if err != nil {
		return err
	}
	defer server.stop()
	c, err := signIn(server.url)
	if err != nil {
		return err
	}
	p := person{rolecall: filepath.Join(bin, "rolecall"), home: filepath.Join(dir, "home"), url: server.url}
	if err := p.settle(c.token); err != nil {
		return err
	}
	fmt.Printf("\na person with %d roles in each of %d accounts; 20 requests a second are let through\n",
		manyRoles, manyAccounts)
	if err := p.sync(); err != nil {
		return err
	}
	if err := p.together(); err != nil {
		return err
	}
	return p.commands()
}

func fillMany(dir string) error {
	data, err := idc.OpenData(dir)
	if err != nil {
		return err
	}
	ctx, now := context.Background(), time.Now()
	err = data.Store.Update(ctx, func(tx store.Tx) error {
		instance, err := directory.Open(tx, idc.DefaultRegion, now)
		u := directory.User{
			ID: instance.NewPrincipalID(), Password: directory.HashPassword(password, directory.Cost{Time: 1, MemoryKiB: 64}),
			Created: now, Updated: now,
			Attributes: directory.Attributes{UserName: heavyUser, DisplayName: heavyUser},
		}
		failures := []error{err, directory.Users().Put(tx, u)}
		for i := range manyRoles {
			failures = append(failures, directory.PermissionSets().Put(tx, directory.PermissionSet{
				ID: setID(i), Name: fmt.Sprintf("Role%02d", i), Duration: time.Hour, Created: now,
			}))
		}
		for i := range manyAccounts {
			failures = append(failures, directory.Accounts().Put(tx, directory.Account{
				ID: accountID(i), Name: fmt.Sprintf("team-payments-%04d-prod", i),
				Email: fmt.Sprintf("a%d@example.com", i), Joined: now,
			}))
			for n := range manyRoles {
				_, err := tx.Assign(store.Assignment{Principal: u.ID, AccountID: accountID(i), PermissionSet: setID(n)})
				failures = append(failures, err)
			}
		}
		return errors.Join(failures...)
	})
	return errors.Join(err, data.Close())
}

// A person has a home folder and runs rolecall.
type person struct{ rolecall, home, url string }

// settle writes the config file, and the token as the AWS CLI keeps it.
func (p person) settle(token string) error {
	session := fmt.Sprintf("[sso-session corp]\nsso_start_url = %s/start\nsso_region = us-east-1\n"+
		"sso_registration_scopes = sso:account:access\n", p.url)
	file, err := json.Marshal(map[string]string{
		"startUrl": p.url + "/start", "region": "us-east-1", "accessToken": token,
		"expiresAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	cache := filepath.Join(p.home, ".aws", "sso", "cache")
	return errors.Join(os.MkdirAll(cache, 0o700),
		os.WriteFile(filepath.Join(p.home, ".aws", "config"), []byte(session), 0o600),
		os.WriteFile(filepath.Join(cache, "ee0bfd2552fbd840c02cc48b6e823320543c450f.json"), file, 0o600))
}

func (p person) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), p.rolecall, args...)
	cmd.Env = append(idc.Environment(p.url, ""), "HOME="+p.home, "PATH="+os.Getenv("PATH"))
	return cmd
}

// sync lists everything, in real time.
func (p person) sync() error {
	cmd := p.command("sync", "--debug")
	var log bytes.Buffer
	cmd.Stderr = &log
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sync: %w\n%s", err, log.String())
	}
	took := time.Since(begun)
	asked, refused := strings.Count(log.String(), "path=/assignment/"), strings.Count(log.String(), "429 ")
	allowed := time.Duration(asked-20) * time.Second / 20 // a burst of 20, and 20 a second
	fmt.Printf("rolecall sync: %d requests in %.1f s, %.3f of what the limit allows (goal 1.05); %d refused, %.2f%% "+
		"(goal 1%%); peak %.0f MB (goal 60)\n",
		asked, took.Seconds(), took.Seconds()/allowed.Seconds(), refused, 100*float64(refused)/float64(asked),
		float64(peak.KiB(cmd.ProcessState))/1024)
	return nil
}

// commands times commands as whole processes, start to end.
func (p person) commands() error {
	for _, c := range []struct {
		name, goal string
		rounds     int
		args       []string
	}{
		{"rolecall version", "", 50, []string{"version"}},
		{"completion of a target", "30 ms", 50, []string{"__complete", "env", "team-payments-00"}},
		{"completion of a role", "30 ms", 50, []string{"__complete", "env", "team-payments-0077-prod/"}},
		{"rolecall ls --match, one account", "", 50, []string{"ls", "--match", "team-payments-0077-prod"}},
		{"profiles apply, 20,000 new ones", "2 s", 1, []string{"profiles", "apply"}},
		{"profiles apply, none changed", "2 s", 5, []string{"profiles", "apply"}},
		{
			"profiles apply, all renamed", "2 s", 1,
			[]string{"profiles", "apply", "--template", "{{ .RoleName }}.{{ .AccountName }}"},
		},
		{"rolecall env of one of 20,000", "", 20, []string{"env", "Role03.team-payments-0077-prod"}},
		{"completion with 20,000 profiles", "30 ms", 50, []string{"__complete", "env", "Role03.team-payments-007"}},
	} {
		var took []time.Duration
		for range c.rounds {
			cmd := p.command(c.args...)
			var said bytes.Buffer
			cmd.Stderr = &said
			begun := time.Now()
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w\n%s", c.name, err, said.String())
			}
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		goal := ""
		if c.goal != "" {
			goal = "  goal " + c.goal
		}
		fmt.Printf("%-34s %9.1f ms median %9.1f ms worst%s\n", c.name, took[len(took)/2].Seconds()*1000,
			took[len(took)-1].Seconds()*1000, goal)
	}
	return nil
}
