package picker

import (
	"fmt"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// many returns n rows of accounts with five roles each.
func many(n int) []Item {
	teams := []string{
		"payments", "identity", "data-lake", "Shared Services", "search", "checkout", "billing",
		"observability",
	}
	stages := []string{"dev", "test", "staging", "prod", "sandbox"}
	roles := []string{"AdministratorAccess", "ReadOnlyAccess", "Developer", "Billing", "NetworkAdministrator"}
	var items []Item
	for i := 0; len(items) < n; i++ {
		a := &Account{ID: fmt.Sprintf("%012d", 100_000_000_000+i*7919), Name: fmt.Sprintf("%s-%s-%04d", teams[i%len(teams)],
			stages[i%len(stages)], i), Roles: roles}
		a.Email = "aws+" + a.Name + "@example.com"
		if i%5 == 3 {
			a.Tags = []string{"prod", "team-" + teams[i%len(teams)]}
		}
		for _, role := range roles {
			items = append(items, Item{Account: a, Role: role, Guarded: i%5 == 3, Frecency: float64(i % 3)})
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

// BenchmarkKeystroke20000 measures one key press, from the event to the text of the screen, while a query is typed
// for the first time, and deleted. The worst key is the one with the greatest median, since a single press may be
// slow on a busy machine.
func BenchmarkKeystroke20000(b *testing.B) {
	m := newModel(Options{Update: Update{Items: many(20_000)}, Actions: actions})
	for _, query := range []string{"a", "prod adm", "payments-prod-0123 admin", "e e e e", "zzz"} {
		b.Run(query, func(b *testing.B) {
			var keys []tea.KeyPressMsg
			for _, r := range query {
				keys = append(keys, tea.KeyPressMsg{Code: r, Text: string(r)})
			}
			for range query {
				keys = append(keys, tea.KeyPressMsg{Code: tea.KeyBackspace})
			}
			took := make([][]time.Duration, len(keys))
			var sum time.Duration
			for b.Loop() {
				clear(m.known)
				for i, key := range keys {
					begun := time.Now()
					m.Update(key)
					_ = m.View()
					took[i] = append(took[i], time.Since(begun))
					sum += took[i][len(took[i])-1]
				}
			}
			var worst time.Duration
			for i := range took {
				slices.Sort(took[i])
				worst = max(worst, took[i][len(took[i])/2])
			}
			b.ReportMetric(float64(sum.Microseconds())/float64(b.N*len(keys))/1000, "ms/key")
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms/worst-key")
		})
	}
}

// BenchmarkFirstFrame20000 measures from the rows to the text of the first screen.
func BenchmarkFirstFrame20000(b *testing.B) {
	items := many(20_000)
	for b.Loop() {
		_ = newModel(Options{Update: Update{Items: items}, Actions: actions}).View()
	}
}

// BenchmarkUpdate20000 measures the replacement of the rows, which the screen waits for.
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
