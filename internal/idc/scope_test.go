package idc_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"rolecall/internal/idc"
)

// The admin APIs are where AWS has them: the instance's own in its region, Organizations in one region of the
// partition, and where its clients sign for the region they work in. A signature for one is none for another.
func TestAdminSignaturesAreForTheirRegionAndService(t *testing.T) {
	targets := map[string]string{
		"sso": "SWBExternalService.ListInstances", "identitystore": "AWSIdentityStore.ListUsers",
		"organizations": "AWSOrganizationsV20161128.ListAccounts",
	}
	for _, x := range []struct {
		instance, asked, signed, region string
		wrong                           string
	}{
		{"us-east-1", "sso", "sso", "us-east-1", ""},
		{"us-east-1", "sso", "sso", "us-west-2", "region"},
		{"us-east-1", "sso", "sso", "us-gov-west-1", "region"},
		{"us-east-1", "sso", "sts", "us-east-1", "service"},
		{"us-east-1", "sso", "identitystore", "us-east-1", "service"},
		{"us-east-1", "sso", "sts", "xx-nowhere-1", "region service"},
		{"us-east-1", "identitystore", "identitystore", "us-east-1", ""},
		{"us-east-1", "identitystore", "identitystore", "eu-west-1", "region"},
		{"us-east-1", "identitystore", "sso", "us-east-1", "service"},
		{"us-east-1", "organizations", "organizations", "us-east-1", ""},
		{"us-east-1", "organizations", "organizations", "eu-west-1", "region"},
		{"us-east-1", "organizations", "sso", "us-east-1", "service"},
		{"eu-central-1", "organizations", "organizations", "us-east-1", ""},
		{"eu-central-1", "organizations", "organizations", "eu-central-1", ""},
		{"eu-central-1", "sso", "sso", "eu-central-1", ""},
		{"eu-central-1", "sso", "sso", "us-east-1", "region"},
		{"cn-north-1", "organizations", "organizations", "cn-northwest-1", ""},
		{"cn-north-1", "organizations", "organizations", "us-east-1", "region"},
		{"us-gov-east-1", "organizations", "organizations", "us-gov-west-1", ""},
	} {
		data, err := idc.EmptyMemory()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = data.Close() })
		center, err := idc.New(idc.Options{URL: origin, Store: data.Store, Secret: data.Secret, Region: x.instance})
		if err != nil {
			t.Fatal(err)
		}
		body := "{}"
		if x.asked == "identitystore" {
			body = `{"IdentityStoreId":"` + center.Instance.IdentityStoreID + `"}`
		}
		sum := sha256.Sum256([]byte(body))
		r := httptest.NewRequestWithContext(t.Context(), "POST", origin+"/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", targets[x.asked])
		id, secret := center.STS.Administrator()
		if err := signer.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, r,
			hex.EncodeToString(sum[:]), x.signed, x.region, time.Now()); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		center.ServeHTTP(w, r)
		want := ""
		if strings.Contains(x.wrong, "region") {
			want += "Credential should be scoped to a valid region. "
		}
		if strings.Contains(x.wrong, "service") {
			want += "Credential should be scoped to correct service: '" + x.asked + "'. "
		}
		status, code := 200, ""
		if want != "" {
			status, code = 400, "InvalidSignatureException"
		}
		if w.Code != status || w.Header().Get("x-amzn-ErrorType") != code || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%+v: %d %s", x, w.Code, w.Body)
		}
	}
}
