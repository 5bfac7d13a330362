package idc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolecall/internal/idc"
	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/proxy"
)

// throughProxy returns a transport that sends requests for AWS's hosts to handler.
func throughProxy(t *testing.T, partitions partition.Table, handler http.Handler) *http.Transport {
	t.Helper()
	ca, path, err := proxy.OpenCAFor(partitions, t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	p := proxy.New(ca, handler, nil, nil)
	t.Cleanup(func() { _ = p.Close() })
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	transport := &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// fetch requests a URL through a transport.
func fetch(t *testing.T, transport *http.Transport, method, address, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(text)}
	_ = json.Unmarshal(text, &a.json) // pages and XML are none
	return a
}

// moon adds a made-up partition: a new one takes a single row.
func moon() partition.Table {
	return append(partition.AWS(), partition.Partition{
		Name: "aws-moon", Regions: []string{"moon"}, Services: []string{"moonaws.example"}, SignIn: "signin.moonaws.example",
		Console: "console.moonaws.example", Home: "moon-crater-1", Start: []string{"*.moonapps.example"},
	})
}

func TestANewPartitionIsOneRow(t *testing.T) {
	data, err := idc.EmptyMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	center, err := idc.New(idc.Options{
		URL: origin, Store: data.Store, Secret: data.Secret, Region: "moon-crater-1", Partitions: moon(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if arn := center.Instance.ARN(); !strings.HasPrefix(arn, "arn:aws-moon:sso:::instance/ssoins-") {
		t.Errorf("the instance is %s", arn)
	}
	if arn := center.Instance.RoleARN("Admin", "111122223333"); !strings.HasPrefix(arn,
		"arn:aws-moon:iam::111122223333:role/") {
		t.Errorf("a role is %s", arn)
	}
	transport := throughProxy(t, moon(), center)
	id, secret := center.STS.Administrator()
	who, err := sts.New(sts.Options{
		Region: "moon-crater-1", BaseEndpoint: aws.String("https://sts.moon-crater-1.moonaws.example"),
		HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
	}).GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != "arn:aws-moon:iam::999900001111:user/administrator" {
		t.Errorf("the administrator is %v, %v", who, err)
	}
	const api = "https://oidc.moon-crater-1.moonaws.example"
	client := fetch(t, transport, "POST", api+"/client/register", `{"clientName":"x","clientType":"public"}`)
	for host, want := range map[string]int{"d-1234567890.moonapps.example": 200, "d-1234567890.marsapps.example": 400} {
		body := fmt.Sprintf(`{"clientId":%q,"clientSecret":%q,"startUrl":"https://%s/start"}`,
			client.text("clientId"), client.text("clientSecret"), host)
		if got := fetch(t, transport, "POST", api+"/device_authorization", body); got.status != want {
			t.Errorf("start URL at %s: %d %s", host, got.status, got.body)
		}
	}
	for _, host := range []string{
		"d-1234567890.moonapps.example", "signin.moonaws.example", "moon-far-2.signin.moonaws.example",
	} {
		if got := fetch(t, transport, "GET", "https://"+host+"/health", ""); got.status != http.StatusOK {
			t.Errorf("%s: %d", host, got.status)
		}
	}
	if got, err := throughProxy(t, partition.AWS(), center).RoundTrip(
		httptest.NewRequest(http.MethodGet, "https://signin.moonaws.example/health", nil)); err == nil {
		t.Errorf("a proxy without the row stood in for its host: %s", got.Status)
	}
}
