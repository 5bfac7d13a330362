package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"time"
)

// handshakes are faults of TLS. They need the proxy, where there is TLS: rolecall idc run --proxy.
func handshakes() []Fault {
	refuse := "refuse the connection, send nothing, and offer no way around"
	return []Fault{
		{
			Name: "expired-certificate", Routes: "all",
			start: handshaken(certified(func(h *handshake) (string, time.Duration, time.Duration) {
				return h.host, -48 * time.Hour, -time.Hour
			})),
			Does: "has a certificate that expired an hour ago; through the proxy only", Client: refuse,
		},
		{
			Name: "wrong-host", Routes: "all",
			start: handshaken(certified(func(*handshake) (string, time.Duration, time.Duration) {
				return "elsewhere.amazonaws.com", -time.Hour, 24 * time.Hour
			})),
			Does: "has a certificate for another host; through the proxy only", Client: refuse,
		},
		{
			Name: "self-signed", Routes: "all", start: handshaken(selfSigned),
			Does: "has a self-signed certificate; through the proxy only", Client: refuse,
		},
		{
			Name: "old-tls", Routes: "all", start: handshaken(func(h *handshake) {
				h.config.MinVersion, h.config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
			}),
			Does: "speaks TLS 1.0 only; through the proxy only", Client: refuse,
		},
		{
			Name: "client-certificate", Routes: "all", start: handshaken(func(h *handshake) {
				h.config.ClientAuth = tls.RequestClientCert
			}),
			Does: "asks for a client certificate; through the proxy only", Client: "send none, and continue",
		},
		{
			Name: "slow-handshake", Value: "a duration (1m)", Routes: "all", start: slowHandshake,
			Does:   "answers the TLS handshake after a minute; through the proxy only",
			Client: "give up after a reasonable time",
		},
	}
}

func handshaken(change func(h *handshake)) starter {
	return func(string) (behaviour, error) { return behaviour{tls: change}, nil }
}

// certified returns a certificate from the player's authority.
func certified(whose func(h *handshake) (host string, from, to time.Duration)) func(h *handshake) {
	return func(h *handshake) {
		host, from, to := whose(h)
		now := h.player.now()
		h.config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if h.player.Authority == nil {
				return vouchForSelf(host, now.Add(from), now.Add(to))
			}
			return h.player.Authority.Mint(host, now.Add(from), now.Add(to))
		}
	}
}

func selfSigned(h *handshake) {
	now := h.player.now()
	h.config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return vouchForSelf(h.host, now.Add(-time.Hour), now.Add(24*time.Hour))
	}
}

func vouchForSelf(host string, from, to time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: from,
		NotAfter: to,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func slowHandshake(value string) (behaviour, error) {
	wait, err := duration(value, time.Minute)
	return behaviour{tls: func(h *handshake) {
		h.config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			select {
			case <-time.After(wait):
			case <-h.stop:
			case <-hello.Context().Done():
			}
			return nil, nil
		}
	}}, err
}

// http2Flood negotiates HTTP/2, and answers with a flood of frames.
func http2Flood(string) (behaviour, error) {
	return behaviour{
		tls: func(h *handshake) { h.config.NextProtos = []string{"h2"} },
		answer: func(c *call) {
			if c.route == anyRoute {
				rawly(flood)(c)
				return
			}
			c.next.ServeHTTP(c.w, c.r)
		},
	}, nil
}

// Frames of HTTP/2: length, type, flags, stream (RFC 9113 section 4.1).
const (
	settingsFrame = "\x00\x00\x06\x04\x00\x00\x00\x00\x00" + "\x00\x03\x00\x00\x00\x64" // 100 streams at most
	resetFrame    = "\x00\x00\x04\x03\x00\x00\x00\x00\x01" + "\x00\x00\x00\x07"         // stream 1: REFUSED_STREAM
)

func flood(w *wire) {
	w.say(settingsFrame)
	if !w.call.pause(100*time.Millisecond, w.gone) { // for the client to open its stream
		return
	}
	w.say(resetFrame)
	w.repeat(strings.Repeat(settingsFrame, 1000), 1<<30)
}
