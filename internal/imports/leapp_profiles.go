package imports

import (
	"cmp"
	"strings"

	"rolecall/internal/awsconfig"
)

// A leapp plans the profiles of Leapp's sessions.
type leapp struct {
	*builder
	file     leappFile
	sessions map[string]string // names of sso-sessions, by the id of the integration
	names    map[string]string // of profiles, by the id of the session
	taken    map[string]bool   // names of profiles
	used     map[string]int    // how many sessions have a profile
}

func (l *leapp) profiles() {
	l.names, l.taken, l.used = map[string]string{}, map[string]bool{}, map[string]int{}
	for _, s := range l.file.Sessions {
		l.used[s.ProfileID]++
	}
	for _, s := range l.file.Sessions {
		switch s.Type {
		case "awsSsoRole":
			l.role(s)
		case "awsIamRoleChained":
		default:
			l.left("session "+s.Name, 0, "sessions of the kind %s have no equivalent here", cmp.Or(s.Type, "none"))
		}
	}
	for _, s := range l.file.Sessions {
		if s.Type == "awsIamRoleChained" {
			l.chained(s)
		}
	}
}

// name returns the profile that a session is for. One that several sessions take in turn cannot be all of them.
func (l *leapp) name(s leappSession, role string) string {
	for _, p := range l.file.Profiles {
		if p.ID == s.ProfileID && l.used[p.ID] == 1 && p.Name != "default" {
			return portable(p.Name)
		}
	}
	return portable(s.Name + "-" + strings.ReplaceAll(role, "/", "-"))
}

func (l *leapp) role(s leappSession) {
	account, role, ok := roleARN(s.RoleARN)
	session := l.sessions[s.Integration]
	switch {
	case !ok || !isRole(role):
		l.left("session "+s.Name, 0, "it has no role")
		return
	case session == "":
		l.left("session "+s.Name, 0, "its integration makes no session")
		return
	}
	keys := []awsconfig.Key{
		{Name: "sso_session", Value: session},
		{Name: "sso_account_id", Value: account},
		{Name: "sso_role_name", Value: role},
	}
	l.add(s, l.name(s, role), keys)
}

func (l *leapp) chained(s leappSession) {
	_, role, ok := roleARN(s.RoleARN)
	parent := l.names[s.Parent]
	if !ok || parent == "" {
		l.left("session "+s.Name, 0, "the session that it is assumed on makes no profile")
		return
	}
	keys := []awsconfig.Key{{Name: "role_arn", Value: fullARN(s.RoleARN)}, {Name: "source_profile", Value: parent}}
	if isRole(s.RoleSession) && s.RoleSession != "assumed-from-leapp" {
		keys = append(keys, awsconfig.Key{Name: "role_session_name", Value: s.RoleSession})
	}
	l.add(s, l.name(s, role), keys)
}

func (l *leapp) add(s leappSession, name string, keys []awsconfig.Key) {
	if awsconfig.IsRegion(s.Region) {
		keys = append(keys, awsconfig.Key{Name: "region", Value: s.Region})
	}
	if l.taken[name] {
		l.left("session "+s.Name, 0, "another session has the profile %s", name)
		return
	}
	if l.profile(name, keys) {
		l.names[s.ID], l.taken[name] = name, true
	}
}
