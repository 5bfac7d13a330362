package login_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/login"
)

// aws makes the endpoints of the scene those of AWS, so that regions count.
func (s *scene) aws(t *testing.T, region string) {
	t.Helper()
	standard, err := client.Standard(region, false, false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(
		client.Config{
			Region: region,
			HTTP: client.Over(idctest.InProcess{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.Host, "us-east-1") {
					w.Header().Set("x-amzn-ErrorType", "InvalidRequestException")
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				r.Host = strings.TrimPrefix(center, "http://")
				s.ServeHTTP(w, r)
			})}, nil),
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	s.Login.Service, s.Standard = c, []identitycenter.Endpoints{standard}
	s.Session = identitycenter.SSOSession{Name: "corp", StartURL: "https://corp.awsapps.com/start", Region: region}
}

func TestAWrongRegionShowsBeforeAnybodyIsAsked(t *testing.T) {
	for _, c := range []struct {
		region, found string
		device        bool
		want          string
	}{
		{"us-east-1", "us-east-1", false, ""},
		{"us-east-1", "us-east-1", true, ""},
		{"us-east-1", "", true, ""}, // what is not known is no reason to refuse
		{
			"eu-west-1", "us-east-1", false,
			"sso_region eu-west-1 is not the region of https://corp.awsapps.com/start, which is in us-east-1",
		},
		{
			"eu-west-1", "us-east-1", true,
			"sso_region eu-west-1 is not the region of https://corp.awsapps.com/start, which is in us-east-1",
		},
		{"eu-west-1", "eu-west-1", false, "no start URL https://corp.awsapps.com/start exists in eu-west-1"},
		{
			"eu-west-1", "", false,
			"sso_region eu-west-1 is not the region of https://corp.awsapps.com/start, or no such start URL exists",
		},
	} {
		s := newScene(t)
		s.aws(t, c.region)
		s.DeviceCode = c.device
		s.FindRegion = func(context.Context, string) (string, error) {
			if c.found == "" {
				return "", errors.New("not found")
			}
			return c.found, nil
		}
		err := s.Check(t.Context())
		var start *login.StartURLError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &start) || err.Error() != c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
