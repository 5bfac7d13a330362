package directory

import (
	"cmp"
	"slices"
	"strings"
)

// Assign is in Store.
func (m *Memory) Assign(a Assignment) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a.User = strings.ToLower(a.User)
	_, user := m.users[a.User]
	_, account := m.accounts[a.AccountID]
	_, set := m.sets[a.PermissionSet]
	if !user || !account || !set {
		return false, ErrNotFound
	}
	before := m.assignments[a]
	m.assignments[a] = true
	return before, nil
}

// Unassign is in Store.
func (m *Memory) Unassign(a Assignment) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a.User = strings.ToLower(a.User)
	before := m.assignments[a]
	delete(m.assignments, a)
	return before, nil
}

// Accounts is in Store.
func (m *Memory) Accounts(user string) ([]Account, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	user = strings.ToLower(user)
	seen := map[string]bool{}
	accounts := []Account{}
	for a := range m.assignments {
		if a.User == user && !seen[a.AccountID] {
			seen[a.AccountID] = true
			accounts = append(accounts, m.accounts[a.AccountID])
		}
	}
	slices.SortFunc(accounts, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) })
	return accounts, nil
}

// PermissionSets is in Store.
func (m *Memory) PermissionSets(user, accountID string) ([]PermissionSet, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	user = strings.ToLower(user)
	sets := []PermissionSet{}
	for a := range m.assignments {
		if a.User == user && a.AccountID == accountID {
			sets = append(sets, m.sets[a.PermissionSet])
		}
	}
	slices.SortFunc(sets, func(a, b PermissionSet) int { return cmp.Compare(a.Name, b.Name) })
	return sets, nil
}
