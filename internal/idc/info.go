package idc

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/pattern"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/wire"
)

// InfoPath is where an Identity Center describes itself.
const InfoPath = "/.well-known/rolecall"

// An Info is what clients need to use an Identity Center. Nothing in it is secret.
type Info struct {
	URL             string `json:"url"`
	StartURL        string `json:"startUrl"`    // of the page for people
	AWSStartURL     string `json:"awsStartUrl"` // for config files
	Region          string `json:"region"`
	InstanceARN     string `json:"instanceArn"`
	IdentityStoreID string `json:"identityStoreId"`
	Account         string `json:"account"` // of the organization
	// Files is the folder with models for older AWS CLIs and the proxy's CA; Operator
	// is the operator's socket. Both are on the server's machine.
	Files    string `json:"files,omitempty"`
	Operator string `json:"operator,omitempty"`
}

// Patterns that Sound checks.
var (
	soundRegion   = pattern.New(`^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$`)
	soundStore    = pattern.New(`^d-[0-9a-f]{10}$`)
	soundInstance = pattern.New(`^arn:aws[a-z-]*:sso:::instance/ssoins-[0-9a-f]{16}$`)
)

// Sound reports whether an info fetched from address can belong to a local Identity Center there. Other programs may
// listen on that port, and the answer ends up in config files.
func (i Info) Sound(address string) bool {
	u, err := url.Parse(i.URL)
	asked, errAsked := url.Parse(address)
	if err != nil || errAsked != nil || u.Host == "" || i.URL != u.Scheme+"://"+u.Host {
		return false
	}
	here := u.Scheme == "http" && u.Host == asked.Host || u.Scheme == "https"
	paths := filepath.IsAbs(i.Files) && filepath.IsAbs(i.Operator) &&
		!strings.ContainsFunc(i.Files+i.Operator, unicode.IsControl)
	return here && paths && i.StartURL == i.URL+"/start" &&
		i.AWSStartURL == "https://"+i.IdentityStoreID+".awsapps.com/start" && soundRegion().MatchString(i.Region) &&
		soundStore().MatchString(i.IdentityStoreID) && soundInstance().MatchString(i.InstanceARN)
}

func (s *Server) info(w http.ResponseWriter, r *http.Request) {
	var i directory.Instance // read anew: a seed file may change it
	err := s.store.View(r.Context(), func(reader store.Reader) (err error) {
		i, err = directory.TheInstance(reader)
		return err
	})
	if err != nil {
		wire.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": "the store cannot be read"})
		return
	}
	wire.JSON(w, http.StatusOK, Info{
		URL: s.url, StartURL: s.url + "/start", AWSStartURL: i.StartURL(), Region: i.Region, InstanceARN: i.ARN(),
		IdentityStoreID: i.IdentityStoreID, Account: i.OwnerAccount, Files: s.files, Operator: s.operator,
	})
}

// health answers 200 when the store can be read.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	err := s.store.View(r.Context(), func(reader store.Reader) error {
		_, err := directory.TheInstance(reader)
		return err
	})
	if err != nil {
		wire.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": "the store cannot be read"})
		return
	}
	wire.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
}
