package cli

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter/client"
)

// network returns the HTTP client for AWS and for local endpoints.
func (a *App) network(profile awsconfig.Profile, log *slog.Logger) (*http.Client, error) {
	bundle := a.bundle(profile)
	httpClient, err := client.NewHTTP(client.HTTPOptions{CABundle: bundle, Log: log, Silence: &a.silence})
	if err != nil {
		e := &HintError{
			Err: err, Code: ExitConfiguration, Hint: "check AWS_CA_BUNDLE, ca_bundle, REQUESTS_CA_BUNDLE and SSL_CERT_FILE",
		}
		if strings.HasPrefix(bundle, "~") {
			e.Facts = []string{"~ is not expanded here: write the full path"}
		}
		return nil, e
	}
	return httpClient, nil
}

// HTTP returns a client for addresses that no profile belongs to.
func (a *App) HTTP() (*http.Client, error) { return a.network(awsconfig.Profile{}, a.Logger(a.Stderr)) }

// bundle returns the certificate file to trust: AWS_CA_BUNDLE and ca_bundle, as in botocore, then the variables of
// other libraries.
func (a *App) bundle(profile awsconfig.Profile) string {
	return cmp.Or(a.Getenv("AWS_CA_BUNDLE"), profile.CABundle, a.Getenv("REQUESTS_CA_BUNDLE"), a.Getenv("SSL_CERT_FILE"))
}
