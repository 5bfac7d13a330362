//go:build linux

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// With --listen the Identity Center only speaks TLS, and prints its address.
func TestBeyondThisMachine(t *testing.T) {
	dir := t.TempDir()
	certificate, key, roots := selfSigned(t, dir)
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s := &served{home: filepath.Join(dir, "home"), args: []string{
		"idc", "serve", "--listen", address, "--public-url", "https://" + address, "--tls-cert", certificate, "--tls-key",
		key,
	}}
	s.start(t, "0")
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	for _, want := range []string{
		"on this machine only: https://" + address + "/start", "run rolecall idc configure --url https://" + address + ":",
		`eval "$(rolecall idc env --url https://` + address + `)"`,
	} {
		if !strings.Contains(s.output, want) {
			t.Errorf("%q is not in %s", want, s.output)
		}
	}
	refusedCertificates(t, s, certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	response, err := client.Get("https://" + address + "/start")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(page, []byte("us-east-1")) {
		t.Errorf("got %d, %v", response.StatusCode, err)
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"} {
		out := s.must(t, []string{name + "=" + certificate, "HTTPS_PROXY="}, "rolecall", "idc", "env", "--url",
			"https://"+address)
		if !strings.Contains(out, "https://"+address) {
			t.Errorf("%s: idc env prints %s", name, out)
		}
	}
	for _, cookie := range response.Cookies() {
		if !cookie.Secure {
			t.Errorf("the cookie %s is sent in clear, too", cookie.Name)
		}
	}
	if response, err := http.Get("http://" + address + "/start"); err == nil {
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("it answers in clear")
		}
	}
}

// Beyond this machine, TLS is required, and no faults are played.
func TestWhatIsRefusedBeyondThisMachine(t *testing.T) {
	dir := t.TempDir()
	certificate, key, _ := selfSigned(t, dir)
	secured := " --public-url https://127.0.0.1:1 --tls-cert " + certificate + " --tls-key " + key
	data := " --data " + filepath.Join(dir, "data")
	s := &served{
		home: filepath.Join(dir, "home"), args: strings.Fields("idc serve --listen 127.0.0.1:0" + secured + data),
	}
	s.start(t, "0")
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	serve := "idc serve --listen 127.0.0.1:0"
	for line, want := range map[string]string{
		serve:                                          "--listen needs TLS",
		serve + " --tls-cert " + certificate:           "--listen needs TLS",
		serve + " --fault throttle" + secured:          "faults are played only on this machine",
		"idc faults play throttle" + data:              "faults need a server that only this machine can reach",
		serve + secured + " --public-url http://x.com": "must look like https://",
	} {
		out := s.must(t, nil, "sh", "-c", "! timeout 10 rolecall "+line+" 2>&1")
		if !strings.Contains(out, want) || strings.Contains(out, "Ready") {
			t.Errorf("%s: %s", line, out)
		}
	}
}

// refusedCertificates checks what is said about a server whose certificate is not trusted, or is for another name.
func refusedCertificates(t *testing.T, s *served, certificate string) {
	t.Helper()
	elsewhere := strings.Replace(s.url, "127.0.0.1", "localhost", 1)
	for _, c := range []struct{ variable, address, hint string }{
		{"AWS_CA_BUNDLE=", s.url, "set AWS_CA_BUNDLE to the file with the server's CA"},
		{"AWS_CA_BUNDLE=" + certificate, elsewhere, "use the server's --public-url as --url"},
	} {
		out := s.must(t, []string{c.variable, "HTTPS_PROXY="}, "sh", "-c", "! rolecall idc env --url "+c.address+" 2>&1")
		want := "the certificate of the server at " + c.address + " is not trusted"
		if !strings.Contains(out, want) || !strings.Contains(out, "hint: "+c.hint) {
			t.Errorf("%s: got %s", c.address, out)
		}
	}
}

func selfSigned(t *testing.T, dir string) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret), roots
}
