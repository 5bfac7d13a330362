package picker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

func twentyThousand() []Item {
	items := make([]Item, 0, 20_000)
	for i := range 4000 {
		id, name := fmt.Sprintf("%012d", 700_000_000_000+i*7), fmt.Sprintf("team-%s-%04d-%s", []string{"payments", "data", "web", "search"}[i%4], i, []string{"prod", "dev", "test"}[i%3])
		for _, role := range []string{"AdministratorAccess", "Billing", "PowerUserAccess", "ReadOnlyAccess", "SupportUser"} {
			items = append(items, Item{Key: id + "/" + role, ID: id, Name: name, Role: role, Email: "aws+" + name + "@example.com", Tags: []string{"team"}, Roles: []string{"AdministratorAccess"}})
		}
	}
	return items
}

var actions = []Action{{"target", "enter", "print"}, {"env", "ctrl+e", "variables"}, {"shell", "ctrl+x", "shell"}, {"console", "ctrl+o", "console"}, {"arn", "ctrl+y", "copy ARN"}}

// A key press, from the key to the drawn screen, with 20,000 rows.
func BenchmarkKeystroke20000(b *testing.B) {
	items := twentyThousand()
	for _, query := range []string{"a", "prod adm", "payments-prod-0123 admin", "zzz", "7000000012"} {
		b.Run(strings.ReplaceAll(query, " ", "_"), func(b *testing.B) {
			m := newModel(Options{Actions: actions, Update: Update{Items: items}})
			var took []time.Duration
			for b.Loop() {
				m.search("")
				for _, r := range query {
					begun := time.Now()
					m.Update(tea.KeyPressMsg{Text: string(r), Code: r})
					_ = m.View()
					took = append(took, time.Since(begun))
				}
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "median-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
		})
	}
}

func BenchmarkFirstFrame20000(b *testing.B) {
	items := twentyThousand()
	for b.Loop() {
		m := newModel(Options{Actions: actions, Update: Update{Items: items}})
		_ = m.View()
	}
}
