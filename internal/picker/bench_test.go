package picker

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// many are n rows of accounts with five roles each.
func many(n int) []Item {
	teams := []string{"payments", "identity", "data-lake", "Shared Services", "search", "checkout", "billing", "observability"}
	stages := []string{"dev", "test", "staging", "prod", "sandbox"}
	roles := []string{"AdministratorAccess", "ReadOnlyAccess", "Developer", "Billing", "NetworkAdministrator"}
	var items []Item
	for i := 0; len(items) < n; i++ {
		a := &Account{ID: fmt.Sprintf("%012d", 100_000_000_000+i*7919), Name: fmt.Sprintf("%s-%s-%04d", teams[i%len(teams)], stages[i%len(stages)], i), Roles: roles}
		a.Email = "aws+" + a.Name + "@example.com"
		if i%5 == 3 {
			a.Tags, a.Guarded = []string{"prod", "team-" + teams[i%len(teams)]}, true
		}
		for _, role := range roles {
			items = append(items, Item{Account: a, Role: role, Frecency: float64(i % 3)})
		}
	}
	return items[:n]
}

var actions = []Action{
	{Name: "shell", Key: "ctrl+x", Does: "opens a shell with its credentials", Short: "shell", Guarded: true},
	{Name: "env", Key: "ctrl+e", Does: "prints them as environment variables", Short: "env", Guarded: true},
	{Name: "console", Key: "ctrl+o", Does: "opens the AWS console", Short: "console", Guarded: true},
	{Name: "arn", Key: "ctrl+y", Does: "copies the ARN of the role", Short: "copy ARN"},
}

// BenchmarkKeystroke20000 is one key press, from the event to the text of the screen.
func BenchmarkKeystroke20000(b *testing.B) {
	m := newModel(Options{Update: Update{Items: many(20_000)}, Actions: actions})
	for _, query := range []string{"a", "prod adm", "payments-prod-0123 admin", "e e e e", "zzz"} {
		b.Run(query, func(b *testing.B) {
			var worst time.Duration
			presses := 0
			press := func(key tea.KeyPressMsg) {
				begun := time.Now()
				m.Update(key)
				_ = m.View()
				worst = max(worst, time.Since(begun))
				presses++
			}
			for b.Loop() {
				for _, r := range query {
					press(tea.KeyPressMsg{Code: r, Text: string(r)})
				}
				for range query {
					press(tea.KeyPressMsg{Code: tea.KeyBackspace})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(presses)/1000, "ms/key")
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms/worst-key")
		})
	}
}

// BenchmarkFirstFrame20000 is from the rows to the text of the first screen.
func BenchmarkFirstFrame20000(b *testing.B) {
	items := many(20_000)
	for b.Loop() {
		_ = newModel(Options{Update: Update{Items: items}, Actions: actions}).View()
	}
}

// BenchmarkUpdate20000 is other rows in place of those shown: what the screen waits for.
func BenchmarkUpdate20000(b *testing.B) {
	items := many(20_000)
	m := newModel(Options{Update: Update{Items: items}, Actions: actions, Query: "prod"})
	for b.Loop() {
		b.StopTimer()
		next := prepared{index: newIndex(items)}
		b.StartTimer()
		m.Update(next)
		_ = m.View()
	}
}
