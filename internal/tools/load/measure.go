package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rolecall/internal/idc/visitor"
)

// figures are the results of one measurement.
type figures struct {
	perSecond   float64
	median, p99 time.Duration
}

// measure sends requests over so many connections at a time, one after the other on each; request returns the n-th.
func measure(name string, connections int, request func(n int) (*http.Request, error)) (figures, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var n, failures atomic.Int64
	var first atomic.Value
	took := make([][]time.Duration, connections)
	var wg sync.WaitGroup
	begun := time.Now()
	for c := range connections {
		wg.Go(func() {
			for time.Since(begun) < measureFor {
				r, err := request(int(n.Add(1)))
				if err == nil {
					at := time.Now()
					if err = send(client, r); err == nil {
						took[c] = append(took[c], time.Since(at))
						continue
					}
				}
				failures.Add(1)
				first.CompareAndSwap(nil, err)
			}
		})
	}
	wg.Wait()
	lasted := time.Since(begun)
	all := slices.Concat(took...)
	slices.Sort(all)
	if len(all) == 0 {
		return figures{}, fmt.Errorf("%s: %w", name, first.Load().(error))
	}
	f := figures{float64(len(all)) / lasted.Seconds(), all[len(all)/2], all[len(all)*99/100]}
	fmt.Printf("%-34s %10.0f %7.2fms %7.2fms %9d\n", name, f.perSecond, f.median.Seconds()*1000, f.p99.Seconds()*1000,
		failures.Load())
	return f, nil
}

func send(client *http.Client, r *http.Request) error {
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// A client is signed in by the device flow.
type client struct {
	url, id, secret string
	token, refresh  string
}

func signIn(address string) (*client, error) {
	c := &client{url: address}
	registration, err := c.post("/client/register", map[string]any{
		"clientName": "load", "clientType": "public",
		"scopes": []string{"sso:account:access"},
	})
	if err != nil {
		return nil, err
	}
	c.id, c.secret = registration["clientId"].(string), registration["clientSecret"].(string)
	c.token, c.refresh, err = c.tokens()
	return c, err
}

// tokens returns the tokens of another sign-in.
func (c *client) tokens() (access, refresh string, err error) {
	device, err := c.post("/device_authorization", map[string]any{
		"clientId": c.id, "clientSecret": c.secret,
		"startUrl": c.url + "/start",
	})
	if err != nil {
		return "", "", err
	}
	v := visitor.Visitor{User: heavyUser, Password: password}
	if title, err := v.Visit(context.Background(), device["verificationUriComplete"].(string)); err != nil ||
		title != "Request approved" {
		return "", "", fmt.Errorf("the sign-in ended on %q: %w", title, err)
	}
	tokens, err := c.post("/token", map[string]any{
		"clientId": c.id, "clientSecret": c.secret, "grantType": "urn:ietf:params:oauth:grant-type:device_code",
		"deviceCode": device["deviceCode"],
	})
	if err != nil {
		return "", "", err
	}
	return tokens["accessToken"].(string), tokens["refreshToken"].(string), nil
}

func (c *client) post(path string, in map[string]any) (map[string]any, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	response, err := http.Post(c.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s %v %w", path, response.Status, out, err)
	}
	return out, nil
}

func (c *client) get(path string) (*http.Request, error) {
	r, err := http.NewRequest(http.MethodGet, c.url+path, nil)
	if err == nil {
		r.Header.Set("x-amz-sso_bearer_token", c.token)
	}
	return r, err
}

func (c *client) measureAll(bare figures) error {
	roles, err := measure("GetRoleCredentials", connections, func(n int) (*http.Request, error) {
		return c.get(fmt.Sprintf("/federation/credentials?account_id=%s&role_name=Role%02d", accountID(n%accounts), n%sets))
	})
	if err != nil {
		return err
	}
	fmt.Printf("%34s %9.0f%% of the bare handler; goal 8000 per s, p99 25 ms\n", "", 100*roles.perSecond/bare.perSecond)
	if _, err := measure("ListAccounts, pages of 100 of 5000", connections, func(n int) (*http.Request, error) {
		return c.get("/assignment/accounts?max_result=100&next_token=" + pageToken(n%50*100))
	}); err != nil {
		return err
	}
	one, err := measure("the same, one at a time", 1, func(n int) (*http.Request, error) {
		return c.get("/assignment/accounts?max_result=100&next_token=" + pageToken(n%50*100))
	})
	if err != nil {
		return err
	}
	fmt.Printf("%34s goal p99 15 ms: %.1f ms\n", "", one.p99.Seconds()*1000)
	return c.measureRefreshes()
}

// measureRefreshes rotates a refresh token of its own on each connection.
func (c *client) measureRefreshes() error {
	present := make([]string, connections)
	for i := range present {
		var err error
		if _, present[i], err = c.tokens(); err != nil {
			return err
		}
	}
	var total atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Value
	begun := time.Now()
	for i := range connections {
		wg.Go(func() {
			for time.Since(begun) < measureFor {
				tokens, err := c.post("/token", map[string]any{
					"clientId": c.id, "clientSecret": c.secret,
					"grantType": "refresh_token", "refreshToken": present[i],
				})
				if err != nil {
					failed.CompareAndSwap(nil, err)
					return
				}
				present[i] = tokens["refreshToken"].(string)
				total.Add(1)
			}
		})
	}
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		return err
	}
	fmt.Printf("%-34s %10.0f                     goal 1500 per s\n", "refreshes, each on disk",
		float64(total.Load())/time.Since(begun).Seconds())
	return nil
}
