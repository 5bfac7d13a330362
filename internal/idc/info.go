package idc

import (
	"context"
	"net/http"
	"net/url"

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
	// Files is the folder with models for older AWS CLIs and the proxy's CA, on the server's machine. Only the operator
	// is told.
	Files string `json:"files,omitempty"`
}

// Patterns that Sound checks.
var (
	soundRegion   = pattern.New(`^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$`)
	soundStore    = pattern.New(`^d-[0-9a-f]{10}$`)
	soundInstance = pattern.New(`^arn:aws[a-z-]*:sso:::instance/ssoins-[0-9a-f]{16}$`)
)

// Sound reports whether an info can be that of the Identity Center at address. It ends up in config files.
func (i Info) Sound(address string) bool {
	u, err := url.Parse(i.URL)
	return err == nil && u.Host != "" && i.URL == u.Scheme+"://"+u.Host && i.URL == address &&
		i.StartURL == i.URL+"/start" &&
		i.AWSStartURL == "https://"+i.IdentityStoreID+".awsapps.com/start" && soundRegion().MatchString(i.Region) &&
		soundStore().MatchString(i.IdentityStoreID) && soundInstance().MatchString(i.InstanceARN)
}

// Info returns the info with the operator's part.
func (s *Server) Info(ctx context.Context) (Info, error) {
	var i directory.Instance // read anew: a seed file may change it
	err := s.store.View(ctx, func(reader store.Reader) (err error) {
		i, err = directory.TheInstance(reader)
		return err
	})
	return Info{
		URL: s.url, StartURL: s.url + "/start", AWSStartURL: i.StartURL(), Region: i.Region, InstanceARN: i.ARN(),
		IdentityStoreID: i.IdentityStoreID, Account: i.OwnerAccount, Files: s.files,
	}, err
}

func (s *Server) info(w http.ResponseWriter, r *http.Request) {
	info, err := s.Info(r.Context())
	if err != nil {
		wire.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": "the store cannot be read"})
		return
	}
	info.Files = "" // anybody may ask
	wire.JSON(w, http.StatusOK, info)
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
