package doctor

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"

	"rolecall/internal/filesystem"
)

// proxies looks at proxies and certificates.
func proxies() check {
	return check{[]Kind{
		{
			"proxy.invalid", Error, "A proxy variable is not an address.",
			"no tool reaches AWS, and errors blame the network",
		},
		{
			"proxy.two-spellings", Warning, "HTTPS_PROXY and https_proxy differ.",
			"rolecall and Go programs use the first; the AWS CLI, boto3 and curl use the second",
		},
		{
			"proxy.no-loopback", Note, "A proxy is set, and NO_PROXY does not exempt this machine.",
			"boto3 asks the proxy for keys that rolecall serves on 127.0.0.1; Go programs do not",
		},
		{
			"ca.unusable", Error, "A certificate file does not exist, or has no certificates.",
			"tools that are told to trust it fail, or trust nothing",
		},
		{
			"ca.expired", Warning, "All certificates in a file have expired.",
			"connections through its proxy or host fail",
		},
	}, func(m *Machine, found func(string, Finding)) {
		m.lookAtProxies(found)
		m.lookAtBundles(found)
	}}
}

func (m *Machine) lookAtProxies(found func(string, Finding)) {
	set := m.set("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
	if m.System == "windows" && len(set) > 0 { // names there are the same in any case
		set = set[:1]
	}
	for _, name := range set {
		if !isProxy(m.Getenv(name)) {
			found("proxy.invalid", Finding{
				What: name + " is not the address of a proxy", Where: []string{name},
				Remedy: []string{"export " + name + "=http://HOST:PORT", "or: unset " + name},
			})
		}
	}
	if len(set) > 1 && set[1] == "https_proxy" && m.Getenv(set[0]) != m.Getenv(set[1]) {
		found("proxy.two-spellings", Finding{
			What: "HTTPS_PROXY and https_proxy are two different proxies", Where: set[:2],
			Remedy: []string{"unset one of them, or set both to the same value"},
		})
	}
	exempt := m.Getenv("NO_PROXY") + "," + m.Getenv("no_proxy")
	if len(set) > 0 && !strings.Contains(exempt, "127.0.0.1") && !strings.Contains(exempt, "*") {
		found("proxy.no-loopback", Finding{
			What: "NO_PROXY lacks 127.0.0.1", Where: set,
			Remedy: []string{"export NO_PROXY=localhost,127.0.0.1,::1, and other hosts that need no proxy"},
		})
	}
}

// isProxy reports whether text is a proxy for HTTP clients: a URL, or host:port.
func isProxy(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		u, err = url.Parse("http://" + text)
	}
	return err == nil && u.Hostname() != "" && !strings.ContainsAny(u.Host, " ,;") &&
		strings.Contains(" http https socks5 socks5h ", " "+u.Scheme+" ")
}

func (m *Machine) lookAtBundles(found func(string, Finding)) {
	seen := map[string]bool{}
	look := func(file, where string, remedy ...string) {
		if file == "" || seen[file] {
			return
		}
		seen[file] = true
		id, what := m.bundle(file)
		if id != "" {
			found(id, Finding{What: fmt.Sprintf("%s: %s", file, what), Where: []string{where}, Remedy: remedy})
		}
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"} {
		look(m.Getenv(name), name, "unset "+name+", or set it to the full path of a file with PEM certificates")
	}
	for _, s := range m.having("profile", "ca_bundle") {
		p, _ := value(s, "ca_bundle")
		look(p.Value, p.Origin.String(), "remove the line, or set it to the full path of a file with PEM certificates")
	}
}

// maxBundle bounds a file of certificates: those of systems have 200 KiB.
const maxBundle = 16 << 20

func (m *Machine) bundle(file string) (id, what string) {
	if strings.HasPrefix(file, "~") {
		return "ca.unusable", "~ is not expanded here"
	}
	data, err := filesystem.Read(file, maxBundle)
	if err != nil {
		return "ca.unusable", reason(err)
	}
	all, good := 0, 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			continue
		}
		if all++; certificate.NotAfter.After(m.Now) {
			good++
		}
	}
	switch {
	case all == 0:
		return "ca.unusable", "it has no PEM certificate"
	case good == 0:
		return "ca.expired", "all its certificates have expired"
	}
	return "", ""
}
