package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/idc/partition"
)

// A CA issues certificates for AWS's host names, and by its constraints cannot for any other, to clients that trust it.
// It is safe for concurrent use.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	now         func() time.Time
	partitions  partition.Table

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by host
}

const (
	caLife    = 5 * 365 * 24 * time.Hour
	leafLife  = 30 * 24 * time.Hour
	maxLeaves = 1000
)

// Names of the CA's files.
const (
	caFile  = "ca.pem"
	keyFile = "ca.key"
)

// OpenCA reads the CA of a directory, or makes one, for AWS's partitions. It returns the path of the certificate, for
// AWS_CA_BUNDLE and the like.
func OpenCA(dir string, now func() time.Time) (ca *CA, path string, err error) {
	return OpenCAFor(partition.AWS(), dir, now)
}

// OpenCAFor is OpenCA for other partitions.
func OpenCAFor(t partition.Table, dir string, now func() time.Time) (ca *CA, path string, err error) {
	path = filepath.Join(dir, caFile)
	ca = &CA{now: now, partitions: t, leaves: map[string]*tls.Certificate{}}
	certificate, key, err := readPair(path, filepath.Join(dir, keyFile))
	switch {
	case errors.Is(err, errUnusable):
		return ca, path, ca.create(dir)
	case err != nil:
		return nil, "", err
	case now().After(certificate.NotAfter.Add(-leafLife)), !vouchesFor(certificate, t.Domains()):
		return ca, path, ca.create(dir)
	}
	ca.certificate, ca.key = certificate, key
	return ca, path, nil
}

// vouchesFor reports whether a CA may issue certificates for all these domains. One from an older version may not.
func vouchesFor(ca *x509.Certificate, domains []string) bool {
	for _, domain := range domains {
		if !slices.ContainsFunc(ca.PermittedDNSDomains, func(permitted string) bool {
			return domain == permitted || strings.HasSuffix(domain, "."+permitted)
		}) {
			return false
		}
	}
	return true
}

// errUnusable means that the files are missing or damaged. A new CA will do: clients read the certificate at each
// start.
var errUnusable = errors.New("there is no usable CA")

func readPair(certificatePath, keyPath string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certificateText, err := filesystem.Files{}.ReadSecret(certificatePath)
	var keyText []byte
	if err == nil {
		keyText, err = filesystem.Files{}.ReadSecret(keyPath)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, errUnusable
	}
	if err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair(certificateText, keyText)
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, nil, errUnusable
	}
	return pair.Leaf, key, nil
}

func (ca *CA) create(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := ca.template("rolecall local Identity Center", caLife)
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	template.PermittedDNSDomainsCritical, template.PermittedDNSDomains = true, ca.partitions.Domains()
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if ca.certificate, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	ca.key = key
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	keyText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return errors.Join(
		filesystem.Files{}.WriteSecret(filepath.Join(dir, keyFile), keyText),
		filesystem.Files{}.WriteSecret(filepath.Join(dir, caFile), text))
}

func (ca *CA) template(name string, life time.Duration) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	now := ca.now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(life),
	}
}

// Leaf returns a certificate for a host name, valid now.
func (ca *CA) Leaf(host string) (*tls.Certificate, error) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if c := ca.leaves[host]; c != nil && ca.now().Before(c.Leaf.NotAfter.Add(-time.Hour)) {
		return c, nil
	}
	if len(ca.leaves) >= maxLeaves {
		clear(ca.leaves)
	}
	c, err := ca.mint(host)
	if err == nil {
		ca.leaves[host] = c
	}
	return c, err
}

func (ca *CA) mint(host string) (*tls.Certificate, error) {
	now := ca.now()
	return ca.Mint(host, now.Add(-time.Hour), now.Add(leafLife))
}

// Mint makes a certificate for a host name with any validity.
func (ca *CA) Mint(host string, from, to time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := ca.template("", leafLife)
	template.NotBefore, template.NotAfter = from, to
	template.DNSNames = []string{host}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
