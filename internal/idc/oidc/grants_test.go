package oidc_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"rolecall/internal/idc/oidc"
)

// A client uses the grants and scopes that it has registered, and no others.
func TestAClientHasWhatItRegistered(t *testing.T) {
	w := newWorld(t, oidc.Options{})
	browsers := w.register(code, refresh)
	_, err := w.sdk.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
		ClientId: browsers.ClientId, ClientSecret: browsers.ClientSecret, StartUrl: aws.String(origin + "/start"),
	})
	w.refused("a device sign-in without the grant", err, "UnauthorizedClientException")
	other, err := w.sdk.RegisterClient(t.Context(), &ssooidc.RegisterClientInput{
		ClientName: aws.String("test"), ClientType: aws.String("public"), Scopes: []string{"codewhisperer:completions"},
		GrantTypes: []string{device, refresh},
	})
	w.must(err)
	out := w.signedIn(client{other}, "alice")
	if owner := w.owner(out.AccessToken); owner != "" || out.RefreshToken == nil {
		t.Errorf("a token of other scopes opens the portal of %q; refreshable: %v", owner, out.RefreshToken != nil)
	}
}
