package inventory_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/inventory"
	"rolecall/internal/settings"
	"rolecall/internal/testbed"
)

var moment = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func few() *inventory.Inventory {
	return inventory.New(testbed.Corp(), moment, []inventory.Account{
		{ID: "111122223333", Name: "payments-dev", Email: "p@example.com", Roles: []string{"ReadOnly", "Admin", "Admin"}},
		{ID: "222233334444", Name: "payments-prod", Roles: []string{"ReadOnly"}},
		{ID: "333344445555", Name: "Data / Lake", Roles: []string{"Admin"}},
		{ID: "444455556666", Roles: []string{"Admin"}},
		{ID: "555566667777", Name: "twin", Roles: []string{"Admin"}},
		{ID: "555566668888", Name: "twin", Roles: []string{"Admin"}},
		{ID: "666677778888", Name: "nothing here"},
		{ID: "777788889999", Name: "111100001111", Roles: []string{"Admin"}}, // as another account's id
	})
}

func TestANewInventory(t *testing.T) {
	inv := few()
	var names []string
	for _, a := range inv.Accounts {
		names = append(names, a.Label())
	}
	want := []string{"444455556666", "111100001111", "Data / Lake", "payments-dev", "payments-prod", "twin", "twin"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("accounts %q, want %q", names, want)
	}
	if roles := inv.Accounts[3].Roles; !reflect.DeepEqual(roles, []string{"Admin", "ReadOnly"}) {
		t.Errorf("roles %q", roles)
	}
	if inv.RoleCount() != 8 || len(inv.Rows()) != 8 {
		t.Errorf("%d roles, %d rows", inv.RoleCount(), len(inv.Rows()))
	}
}

func TestFind(t *testing.T) {
	inv := few().With([]settings.Account{{Match: "444455556666", Alias: "vault"}, {Match: "payments-prod", Alias: "pay"}})
	for text, want := range map[string]string{
		"111122223333": "111122223333", "payments-dev": "111122223333", "PAYMENTS-DEV": "111122223333",
		"vault": "444455556666",
		"pay":   "222233334444", "data / lake": "333344445555", "Dat": "333344445555", "vau": "444455556666",
		"3333": "333344445555", "payments-p": "222233334444",
	} {
		if a, err := inv.Find(text); err != nil || a.ID != want {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
	for text, want := range map[string]string{
		"twin":     "they are: 555566667777 twin, 555566668888 twin",
		"payments": "they are: 111122223333 payments-dev, 222233334444 payments-prod",
		"lake":     "did you mean: 333344445555 Data / Lake", "paymens-dev": "did you mean: 111122223333 payments-dev",
		"zzz": "", "": "", "111100001111": "",
	} {
		a, err := inv.Find(text)
		var wrong *inventory.AccountError
		if !errors.As(err, &wrong) || !errors.Is(err, identitycenter.ErrNoAccess) {
			t.Errorf("%q: %v, %v", text, a, err)
			continue
		}
		if facts := strings.Join(wrong.Facts(), "\n"); facts != want {
			t.Errorf("%q: %q, want %q", text, facts, want)
		}
	}
}

// Entries by tag count wherever they stand; of several regions the last one counts.
// An account that a server lists twice is one account.
func TestAnAccountListedTwice(t *testing.T) {
	for name, inv := range map[string]*inventory.Inventory{
		"named": inventory.Named(testbed.Corp(), []identitycenter.Account{
			{ID: "111122223333", Name: "dev"}, {ID: "222233334444", Name: "prod"}, {ID: "111122223333", Name: "dev"},
		}),
		"listed": inventory.New(testbed.Corp(), moment, []inventory.Account{
			{ID: "111122223333", Name: "dev", Roles: []string{"Admin"}},
			{ID: "222233334444", Name: "prod", Roles: []string{"Admin"}},
			{ID: "111122223333", Name: "dev", Roles: []string{"Admin"}},
		}),
	} {
		for _, text := range []string{"dev", "1111", "111122223333"} {
			if a, err := inv.Find(text); err != nil || a.ID != "111122223333" {
				t.Errorf("%s: %s: %v", name, text, err)
			}
		}
		if n := len(inv.Accounts); n != 2 {
			t.Errorf("%s: %d accounts", name, n)
		}
	}
}

func TestRegionsOfAccounts(t *testing.T) {
	inv := few().With([]settings.Account{
		{Tag: "prod", Region: "eu-west-1", Guarded: true},
		{Match: "payments-*", Region: "eu-west-2"},
		{Match: "*-prod", Tags: []string{"prod"}},
		{Match: "payments-dev", Tag: "prod", Region: "sa-east-1"},
		{Match: "333344445555", Region: "us-west-2"},
		{Match: "Data*", Region: "eu-west-3"},
		{Match: "222233334444", Tag: "prod", Region: "eu-north-1"},
	})
	for id, want := range map[string]string{
		"111122223333": "eu-west-2", "222233334444": "eu-north-1", "333344445555": "eu-west-3", "444455556666": "",
	} {
		a, err := inv.Find(id)
		if err != nil || a.Region != want || a.Guarded != (id == "222233334444") {
			t.Errorf("%s: %+v, %v; want the region %q", id, a, err, want)
		}
	}
}

func TestWhatSettingsSay(t *testing.T) {
	inv := few().With([]settings.Account{
		{
			Match:   "*prod*",
			Tags:    []string{"prod"},
			Guarded: true,
		}, {Match: "PAYMENTS-*", Tags: []string{"team-pay", "prod"}}, {Match: "Data*Lake", Tags: []string{"data"}},
	})
	prod, err := inv.Find("payments-prod")
	if err != nil || !prod.Guarded || !reflect.DeepEqual(prod.Tags, []string{"prod", "team-pay"}) {
		t.Errorf("%+v, %v", prod, err)
	}
	for text, f := range map[string]inventory.Filter{
		"222233334444/ReadOnly":                       {Accounts: []string{"*-prod"}},
		"111122223333/ReadOnly 222233334444/ReadOnly": {Roles: []string{"read*"}},
		"333344445555/Admin":                          {Tags: []string{"data"}},
		"222233334444/ReadOnly ": {
			Tags:     []string{"prod", "team-pay"},
			Accounts: []string{"222233334444", "x"},
		},
		"111122223333/Admin 111122223333/ReadOnly": {Accounts: []string{"payments-?ev"}},
		"":  {Tags: []string{"prod", "data"}},
		" ": {Accounts: []string{"payments-[dp]*"}},
	} {
		var got []string
		for _, r := range inv.Select(f) {
			got = append(got, inventory.RowKey(r.ID, r.Role))
		}
		if strings.Join(got, " ") != strings.TrimSpace(text) {
			t.Errorf("%+v gives %q, want %q", f, got, text)
		}
	}
	hijacked := few().With([]settings.Account{{Match: "111100001111", Alias: "safe"}})
	if rows := hijacked.Select(inventory.Filter{Accounts: []string{"111100001111"}}); len(rows) != 0 ||
		hijacked.Accounts[1].Alias != "" {
		t.Errorf("an id means an account of that name: %v", rows)
	}
	if few().Accounts[4].Guarded {
		t.Error("the inventory itself was changed")
	}
}

func TestStoredAsItWas(t *testing.T) {
	store := &inventory.Store{Dir: t.TempDir(), Now: time.Now}
	place := inventory.Place{Session: testbed.Corp(), Portal: testbed.URL}
	if _, err := store.Load(place); !errors.Is(err, inventory.ErrNone) {
		t.Fatal(err)
	}
	if err := inventory.Save(store, place, few()); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Load(place); err != nil || !reflect.DeepEqual(got, few()) {
		t.Errorf("%+v, %v", got, err)
	}
	elsewhere := place
	elsewhere.Portal = "https://portal.example.com"
	if _, err := store.Load(elsewhere); !errors.Is(err, inventory.ErrNone) {
		t.Errorf("another portal's listing: %v", err)
	}
	files, _ := filepath.Glob(filepath.Join(store.Dir, "*.json"))
	for _, text := range []string{
		"", "{", `{"version":99}`,
		`{"version":1,"roles":[],"accounts":[{"id":"1","roles":[4]}]}`,
	} {
		overwrite(t, files[0], text)
		if _, err := store.Load(place); !errors.Is(err, inventory.ErrNone) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := store.Remove(place); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(files[0]); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestOld(t *testing.T) {
	inv := few()
	for _, c := range []struct {
		name  string
		place inventory.Place
		after time.Duration
		old   bool
	}{
		{"young", inventory.Place{}, time.Hour, false},
		{"a day and more", inventory.Place{}, 25 * time.Hour, true},
		{"a sign-in before it", inventory.Place{Login: moment.Add(-time.Second)}, time.Hour, false},
		{"of tomorrow", inventory.Place{}, -24 * time.Hour, true},
		{"a sign-in since", inventory.Place{Login: moment.Add(time.Second)}, time.Hour, true},
	} {
		if got := c.place.Old(inv, moment.Add(c.after), 24*time.Hour); got != c.old {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestFrecency(t *testing.T) {
	now := moment
	store := &inventory.Store{Dir: t.TempDir(), Now: func() time.Time { return now }}
	other := identitycenter.SSOSession{Name: "tab\there\n"}
	use := func(n int, account string, session identitycenter.SSOSession) {
		for range n {
			if err := store.Used(session, account, "Admin"); err != nil {
				t.Fatal(err)
			}
		}
	}
	use(5, "111122223333", testbed.Corp())
	use(1, "222233334444", other)
	now = now.Add(30 * 24 * time.Hour)
	use(1, "333344445555", testbed.Corp())
	scores := store.Frecency(testbed.Corp())
	if scores["333344445555/Admin"] != 1 || scores["111122223333/Admin"] >= 1 || scores["111122223333/Admin"] <= 0 ||
		len(scores) != 2 {
		t.Errorf("%v", scores)
	}
	if scores := store.Frecency(other); len(scores) != 1 {
		t.Errorf("%v", scores)
	}
	use(8000, "444455556666", testbed.Corp())
	if info, err := os.Stat(filepath.Join(store.Dir, "uses.log")); err != nil || info.Size() > 400<<10 {
		t.Errorf("the log grows: %v, %v", info, err)
	}
	if scores := store.Frecency(testbed.Corp()); scores["444455556666/Admin"] < 1000 {
		t.Errorf("%v", scores)
	}
}

// Twenty thousand roles: what each command begins with.
func BenchmarkLoad20000Roles(b *testing.B) {
	store, place := many(b)
	for b.Loop() {
		inv, err := store.Load(place)
		if err != nil || inv.RoleCount() != 20_000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindIn20000Roles(b *testing.B) {
	store, place := many(b)
	inv, err := store.Load(place)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := inv.Find("team-payments-03"); err == nil {
			b.Fatal("it is no name")
		}
	}
}

func many(b *testing.B) (*inventory.Store, inventory.Place) {
	accounts := make([]inventory.Account, 4000)
	for i := range accounts {
		accounts[i] = inventory.Account{
			ID: fmt.Sprintf(
				"%012d",
				700_000_000_000+i,
			), Name: fmt.Sprintf("team-payments-%04d-prod", i), Email: fmt.Sprintf("aws+payments-%04d@example.com", i),
			Roles: []string{"AdministratorAccess", "Billing", "PowerUserAccess", "ReadOnlyAccess", "SupportUser"},
		}
	}
	store := &inventory.Store{Dir: b.TempDir(), Now: time.Now}
	place := inventory.Place{Session: testbed.Corp(), Portal: testbed.URL}
	if err := inventory.Save(store, place, inventory.New(testbed.Corp(), moment, accounts)); err != nil {
		b.Fatal(err)
	}
	return store, place
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"prod-*", "PROD-a/b", true},
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"a?c", "aüc", true},
		{"a?c", "ac", false},
		{"*-prod", "x-prod-prod", true},
		{"*a*b*", "xxaxbx", true},
		{"*a*b*", "xxbxax", false},
		{"[x]", "[x]", true},
		{"[x]", "x", false},
		{`\*`, `\any`, true},
		{"a**", "a", true},
	} {
		if got := inventory.Matches(c.pattern, c.text); got != c.want {
			t.Errorf("%q %q: %v", c.pattern, c.text, got)
		}
	}
}
