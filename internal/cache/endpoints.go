package cache

import (
	"encoding/json"
	"path/filepath"

	"rolecall/internal/identitycenter"
)

// givenFile says which endpoints a person gave to a start URL. It holds no secret.
type givenFile struct {
	StartURL string `json:"startUrl"`
	OIDC     string `json:"oidcEndpoint"`
	Portal   string `json:"portalEndpoint"`
}

func (s *Store) givenPath(startURL string) string {
	return filepath.Join(s.State, "endpoints", ownName(identitycenter.ComparableURL(startURL))+".json")
}

// GiveEndpoints notes that a person gave e to a start URL in a step of its own, such as "rolecall idc configure":
// tokens for that start URL may go there, whichever tool signed in.
func (s *Store) GiveEndpoints(startURL string, e identitycenter.Endpoints) error {
	if known, ok := s.GivenEndpoints(startURL); ok && known == e {
		return nil
	}
	data, err := json.Marshal(givenFile{startURL, e.OIDC, e.Portal})
	if err != nil {
		return err
	}
	return s.Files.WriteSecret(s.givenPath(startURL), append(data, '\n'))
}

// GivenEndpoints returns the endpoints that GiveEndpoints noted for a start URL, if any.
func (s *Store) GivenEndpoints(startURL string) (identitycenter.Endpoints, bool) {
	var f givenFile
	data, err := s.Files.ReadSecret(s.givenPath(startURL))
	if err != nil || json.Unmarshal(data, &f) != nil || !identitycenter.SameStartURL(f.StartURL, startURL) {
		return identitycenter.Endpoints{}, false
	}
	return identitycenter.Endpoints{OIDC: f.OIDC, Portal: f.Portal}, f.OIDC != ""
}
