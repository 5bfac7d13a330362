package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"testing"
	"time"

	"rolecall/internal/idc/partition"
)

func TestTargets(t *testing.T) {
	for host, want := range map[string]Target{
		"oidc.us-east-1.amazonaws.com":           {"oidc", "us-east-1"},
		"OIDC.eu-central-2.amazonaws.com":        {"oidc", "eu-central-2"},
		"portal.sso.cn-north-1.amazonaws.com.cn": {"portal.sso", "cn-north-1"},
		"oidc-fips.us-gov-west-1.api.aws":        {"oidc", "us-gov-west-1"},
		"sts.amazonaws.com":                      {"sts", ""},
		"sts.eusc-de-east-1.amazonaws.eu":        {"sts", "eusc-de-east-1"},
		"sso.us-west-2.amazonaws.com":            {"sso", "us-west-2"},
		"organizations.us-east-1.amazonaws.com":  {"organizations", "us-east-1"},
		"signin.aws.amazon.com":                  {"signin", ""},
		"eu-west-1.signin.aws.amazon.com":        {"signin", "eu-west-1"},
		"d-1234567890.awsapps.com":               {"start", ""},
		"ssoins-1.portal.eu-west-1.app.aws":      {"start", ""},
		"start.us-gov-home.awsapps.com":          {"start", ""},
		"d-1234567890.awsapps.cn":                {"start", ""},
		"identitycenter.amazonaws.com":           {"start", ""},
	} {
		if got, ok := targetOf(partition.AWS(), host); !ok || got != want {
			t.Errorf("%s: got %v, %v", host, got, ok)
		}
	}
	for _, host := range []string{
		"", "example.com", "s3.us-east-1.amazonaws.com", "amazonaws.com", "oidc.us-east-1.amazonaws.com.evil.example",
		"evil-oidc.us-east-1.amazonaws.com",
		"x.oidc.us-east-1.amazonaws.com", "169.254.169.254", "localhost", "awsapps.com", "a.b.awsapps.com",
		"oidc.us-east-1.amazonaws.com\n",
	} {
		if got, ok := targetOf(partition.AWS(), host); ok {
			t.Errorf("%q: got %v", host, got)
		}
	}
}

// through returns a client that uses a proxy in front of handler, and trusts its CA.
func through(t *testing.T, dir string, handler http.HandlerFunc) *http.Client {
	t.Helper()
	ca, path, err := OpenCA(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	p := New(ca, handler, nil, nil)
	t.Cleanup(func() { _ = p.Close() })
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	text, err := os.ReadFile(path)
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate", err)
	}
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestRequestsArriveWithTheirTarget(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // the second time with the CA that is there
		client := through(t, dir, func(w http.ResponseWriter, r *http.Request) {
			target, ok := TargetFrom(r.Context())
			fmt.Fprint(w, target.Service, " ", target.Region, " ", ok, " ", r.Host)
		})
		for host, want := range map[string]string{
			"oidc.us-east-1.amazonaws.com":    "oidc us-east-1 true oidc.us-east-1.amazonaws.com",
			"portal.sso.eu-west-1.api.aws":    "portal.sso eu-west-1 true portal.sso.eu-west-1.api.aws",
			"d-1234567890.awsapps.com":        "start  true d-1234567890.awsapps.com",
			"us-west-2.signin.aws.amazon.com": "signin us-west-2 true us-west-2.signin.aws.amazon.com",
		} {
			response, err := client.Get("https://" + host + "/")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(body) != want {
				t.Errorf("%s: got %q, %v", host, body, err)
			}
		}
	}
	for _, name := range []string{"ca.pem", "ca.key"} {
		info, err := os.Stat(dir + "/" + name)
		if err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" { // there the folder's access list holds
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	client := through(t, t.TempDir(), func(http.ResponseWriter, *http.Request) { t.Error("a request came through") })
	for _, address := range []string{
		"https://example.com/", "https://s3.us-east-1.amazonaws.com/",
		"https://oidc.us-east-1.amazonaws.com:8443/", "http://oidc.us-east-1.amazonaws.com/",
	} {
		response, err := client.Get(address)
		if err == nil {
			if response.StatusCode != http.StatusForbidden {
				t.Errorf("%s: got %s", address, response.Status)
			}
			_ = response.Body.Close()
		}
	}
}

// Trusting the CA means trusting it with AWS's names only.
func TestTheCACannotVouchForOthers(t *testing.T) {
	ca, _, err := OpenCA(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	for host, good := range map[string]bool{
		"oidc.us-east-1.amazonaws.com": true, "example.com": false, "google.com": false,
	} {
		leaf, err := ca.Leaf(host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); (err == nil) != good {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// A damaged CA, or one with another's key, is replaced.
func TestADamagedCAIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	for _, damage := range []string{"", "-"} {
		if _, _, err := OpenCA(dir, time.Now); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/ca.key", []byte(damage), 0o644); err != nil {
			t.Fatal(err)
		}
		client := through(t, dir, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
		response, err := client.Get("https://sts.amazonaws.com/")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
}

// A CA that may not issue certificates for a new partition's hosts is replaced; one that may issue more is kept.
func TestACAForMorePartitions(t *testing.T) {
	dir := t.TempDir()
	more := append(partition.AWS(), partition.Partition{
		Name: "aws-moon", Services: []string{"moonaws.example"}, SignIn: "signin.moonaws.example",
	})
	var names []string
	for _, table := range []partition.Table{partition.AWS(), more, partition.AWS()} {
		ca, _, err := OpenCAFor(table, dir, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, ca.certificate.SerialNumber.String())
	}
	if names[0] == names[1] || names[1] != names[2] {
		t.Errorf("serial numbers %q", names)
	}
}

// A client may send its first bytes together with CONNECT.
func TestBytesThatComeWithCONNECT(t *testing.T) {
	dir := t.TempDir()
	through(t, dir, nil) // makes the CA
	ca, path, err := OpenCA(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	p := New(ca, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }), nil, nil)
	t.Cleanup(func() { _ = p.Close() })
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	roots := x509.NewCertPool()
	text, err := os.ReadFile(path)
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	secure := tls.Client(&together{
		Conn: conn, first: "CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nHost: sts.amazonaws.com:443\r\n\r\n",
	}, &tls.Config{ServerName: "sts.amazonaws.com", RootCAs: roots})
	if err := secure.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
}

// together sends its first bytes in one write with CONNECT, and skips the proxy's answer.
type together struct {
	net.Conn
	first    string
	answered bool
}

func (c *together) Write(b []byte) (int, error) {
	if c.first == "" {
		return c.Conn.Write(b)
	}
	_, err := c.Conn.Write(append([]byte(c.first), b...))
	c.first = ""
	return len(b), err
}

func (c *together) Read(b []byte) (int, error) {
	if !c.answered {
		c.answered = true
		line := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
		if _, err := io.ReadFull(c.Conn, line); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(b)
}
