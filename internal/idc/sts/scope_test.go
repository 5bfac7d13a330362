package sts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"rolecall/internal/idc/sts"
)

const (
	identity    = "Action=GetCallerIdentity&Version=2011-06-15"
	otherRegion = "Credential should be scoped to a valid region. "
	otherSTS    = "Credential should be scoped to correct service: 'sts'. "
)

// in returns the service as that of an instance in a region.
func (s *service) in(region string) *sts.Server {
	s.Helper()
	server, err := sts.New(sts.Options{Store: s.data.Store, Secret: s.data.Secret, Now: s.now, Region: region})
	if err != nil {
		s.Fatal(err)
	}
	return server
}

// signed is a request with a signature of the SDK's in its headers.
func (s *service) signed(c sts.Credentials, host, service, region string) *http.Request {
	s.Helper()
	r := httptest.NewRequestWithContext(s.Context(), http.MethodPost, "http://"+host+"/", strings.NewReader(identity))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(identity))
	if err := signer.NewSigner().SignHTTP(s.Context(), keys(c), r, hex.EncodeToString(sum[:]), service, region,
		s.now()); err != nil {
		s.Fatal(err)
	}
	return r
}

// presigned is one with the signature in its query, which has more parameters, too.
func (s *service) presigned(c sts.Credentials, service, region, more string) *http.Request {
	s.Helper()
	r := httptest.NewRequestWithContext(s.Context(), http.MethodGet, "http://127.0.0.1/?"+identity+more, nil)
	sum := sha256.Sum256(nil)
	address, _, err := signer.NewSigner().PresignHTTP(s.Context(), keys(c), r, hex.EncodeToString(sum[:]), service, region,
		s.now())
	if err != nil {
		s.Fatal(err)
	}
	return httptest.NewRequestWithContext(s.Context(), http.MethodGet, address, nil)
}

// answers checks for a status, and an error's code and whole message unless it is 200.
func answers(t *testing.T, what string, server *sts.Server, r *http.Request, status int, code, message string) {
	t.Helper()
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	want := strings.ReplaceAll("<Code>"+code+"</Code><Message>"+message+"</Message>", "'", "&#39;")
	if w.Code != status || code != "" && !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s: %d %s\nwant %d %s: %q", what, w.Code, w.Body, status, code, message)
	}
}

// STS is in every region of a partition, and in no other; each of AWS's hosts is in its own.
func TestASignatureIsForARegionOfThePartition(t *testing.T) {
	s := newService(t)
	c := s.alice()
	const local = "127.0.0.1:9911"
	for _, x := range []struct {
		instance, host, region string
		right                  bool
	}{
		{"us-east-1", local, "us-east-1", true},
		{"us-east-1", local, "eu-central-1", true},
		{"us-east-1", local, "us-gov-west-1", false},
		{"us-east-1", local, "cn-north-1", false},
		{"us-east-1", local, "eusc-de-east-1", false},
		{"us-east-1", local, "us-iso-east-1", false},
		{"us-east-1", local, "xx-nowhere-1", false},
		{"us-east-1", local, "aws-global", false},
		{"us-east-1", local, "", false},
		{"us-east-1", local, "US-EAST-1", false},
		{"us-east-1", local, "us-east-1x", false},
		{"us-gov-west-1", local, "us-gov-east-1", true},
		{"us-gov-west-1", local, "us-east-1", false},
		{"cn-north-1", local, "cn-northwest-1", true},
		{"cn-north-1", local, "us-east-1", false},
		{"eusc-de-east-1", local, "eusc-de-east-1", true},
		{"eusc-de-east-1", local, "eu-central-1", false},
		{"us-east-1", "sts.eu-west-1.amazonaws.com", "eu-west-1", true},
		{"us-east-1", "sts.eu-west-1.amazonaws.com:443", "eu-west-1", true},
		{"us-east-1", "sts-fips.us-west-2.amazonaws.com", "us-west-2", true},
		{"us-east-1", "sts.eu-west-1.amazonaws.com", "us-east-1", false},
		{"us-east-1", "sts.amazonaws.com", "us-east-1", true},
		{"us-east-1", "sts.amazonaws.com", "us-west-2", false},
		{"us-east-1", "sts.cn-north-1.amazonaws.com.cn", "cn-north-1", false},
		{"eu-central-1", "sts.amazonaws.com", "us-east-1", true},
		{"eu-central-1", "sts.amazonaws.com", "eu-central-1", false},
	} {
		status, code, message := http.StatusForbidden, "SignatureDoesNotMatch", otherRegion
		if x.right {
			status, code, message = http.StatusOK, "", ""
		}
		answers(t, x.region+" at "+x.host+" of "+x.instance, s.in(x.instance), s.signed(c, x.host, "sts", x.region), status,
			code, message)
	}
}

// Whatever is wrong with a scope is said at once, in headers as in a query, and before the signature is looked at.
func TestAScopeIsOfItsServiceDayAndVersion(t *testing.T) {
	s := newService(t)
	c := s.alice()
	day := s.now().UTC().Format("20060102")
	const otherDay = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP. "
	const otherEnd = "Credential should be scoped with a valid terminator: 'aws4_request'. "
	for _, x := range []struct{ from, to, code, message string }{
		{"/sts/", "/s3/", "SignatureDoesNotMatch", otherSTS},
		{"/sts/", "/STS/", "SignatureDoesNotMatch", otherSTS},
		{"/sts/", "//", "SignatureDoesNotMatch", otherSTS},
		{"us-east-1/sts/", "cn-north-1/s3/", "SignatureDoesNotMatch", otherRegion + otherSTS},
		{"/" + day + "/", "/20200101/", "SignatureDoesNotMatch", otherDay},
		{"/" + day + "/", "//", "SignatureDoesNotMatch", otherDay},
		{"/" + day + "/", "/" + day[:4] + "/", "SignatureDoesNotMatch", otherDay},
		{"aws4_request", "aws5_request", "SignatureDoesNotMatch", otherEnd},
		{"aws4_request", "", "SignatureDoesNotMatch", otherEnd},
		{"us-east-1/sts/aws4_request", "mars/s3/x", "SignatureDoesNotMatch", otherRegion + otherSTS + otherEnd},
		{
			"/aws4_request", "", "IncompleteSignature",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
		},
		{
			"/sts/", "/sts/sts/", "IncompleteSignature",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
		},
	} {
		status := map[string]int{"SignatureDoesNotMatch": 403, "IncompleteSignature": 400}[x.code]
		r := s.signed(c, "127.0.0.1", "sts", "us-east-1")
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), x.from, x.to, 1))
		answers(t, "in headers "+x.from+" → "+x.to, s.Server, r, status, x.code, x.message)
		r = s.presigned(c, "sts", "us-east-1", "")
		q := r.URL.Query()
		q.Set("X-Amz-Credential", strings.Replace(q.Get("X-Amz-Credential"), x.from, x.to, 1))
		r.URL.RawQuery = q.Encode()
		answers(t, "in a query "+x.from+" → "+x.to, s.Server, r, status, x.code, x.message)
	}
	for what, r := range map[string]*http.Request{
		"for s3, right":     s.signed(c, "127.0.0.1", "s3", "us-east-1"),
		"for s3, presigned": s.presigned(c, "s3", "us-east-1", ""),
	} {
		answers(t, what, s.Server, r, 403, "SignatureDoesNotMatch", otherSTS)
	}
}

// A signature is one, and whole.
func TestASignatureIsWhole(t *testing.T) {
	s := newService(t)
	c := s.alice()
	query := func(change func(url.Values)) *http.Request {
		r := s.presigned(c, "sts", "us-east-1", "")
		q := r.URL.Query()
		change(q)
		r.URL.RawQuery = q.Encode()
		return r
	}
	header := func(change func(http.Header)) *http.Request {
		r := s.signed(c, "127.0.0.1", "sts", "us-east-1")
		change(r.Header)
		return r
	}
	plain := "The request signature does not conform to AWS standards"
	both := "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
	lacks := func(name string) string {
		return "AWS query-string parameters must include 'X-Amz-" + name + "'. Re-examine the query-string parameters."
	}
	const badDate = "Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601"
	const incomplete = "IncompleteSignature"
	without := func(name string) *http.Request { return query(func(q url.Values) { q.Del("X-Amz-" + name) }) }
	twice := func(name, value string) *http.Request {
		return query(func(q url.Values) { q["X-Amz-"+name] = []string{q.Get("X-Amz-" + name), value} })
	}
	dated := func(change func(string) string) *http.Request {
		return header(func(h http.Header) { h.Set("X-Amz-Date", change(h.Get("X-Amz-Date"))) })
	}
	for what, x := range map[string]struct {
		r             *http.Request
		status        int
		code, message string
	}{
		"as it is, in a query":   {query(func(url.Values) {}), 200, "", ""},
		"as it is, in headers":   {header(func(http.Header) {}), 200, "", ""},
		"in both":                {query(func(url.Values) {}), 403, "SignatureDoesNotMatch", both},
		"without a key":          {without("Credential"), 400, incomplete, lacks("Credential")},
		"without a name":         {without("Algorithm"), 400, incomplete, lacks("Algorithm")},
		"without a date":         {without("Date"), 400, incomplete, lacks("Date")},
		"without a signature":    {without("Signature"), 400, incomplete, lacks("Signature")},
		"without header names":   {without("SignedHeaders"), 400, incomplete, lacks("SignedHeaders")},
		"two keys":               {twice("Credential", "AKIDX/20260101/us-east-1/sts/aws4_request"), 400, incomplete, plain},
		"two signatures":         {twice("Signature", "00"), 400, incomplete, plain},
		"two dates":              {twice("Date", "20200101T000000Z"), 400, incomplete, plain},
		"two tokens":             {twice("Security-Token", "x"), 400, incomplete, plain},
		"two lives":              {twice("Expires", "60"), 400, incomplete, plain},
		"a nonsense date":        {dated(func(string) string { return "201" }), 400, incomplete, badDate},
		"a fraction of a second": {dated(func(d string) string { return d[:15] + ".5Z" }), 400, incomplete, badDate},
		"another name": {
			query(func(q url.Values) { q.Set("X-Amz-Algorithm", "AWS4-HMAC-SHA1") }), 400, incomplete,
			"Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now).",
		},
		"another action": {
			query(func(q url.Values) { q.Add("Action", "GetSessionToken") }), 403, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " +
				"and signing method. Consult the service documentation for details.",
		},
		"no date": {
			header(func(h http.Header) { h.Del("X-Amz-Date") }), 400, incomplete,
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
		},
		"two keys in headers": {header(func(h http.Header) {
			h.Set("Authorization", h.Get("Authorization")+", Credential=AKIDX/20260101/us-east-1/sts/aws4_request")
		}), 400, "IncompleteSignature", plain},
		"nothing but the name": {
			header(func(h http.Header) { h.Set("Authorization", "AWS4-HMAC-SHA256") }), 400, incomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. ",
		},
		"without the host": {header(func(h http.Header) {
			h.Set("Authorization", strings.Replace(h.Get("Authorization"), ";host", "", 1))
		}), 403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
	} {
		if what == "in both" {
			x.r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x")
		}
		answers(t, what, s.Server, x.r, x.status, x.code, x.message)
	}
}

// A presigned URL works for 15 minutes, whatever its X-Amz-Expires, by the server's clock: so STS does.
func TestPresignedURLsEndAsAWSs(t *testing.T) {
	s := newService(t)
	c := s.alice()
	for _, expires := range []string{
		"", "1", "60", "900", "604800", "604801", "0", "-1", "soon", "1e9", "99999999999999999999",
	} {
		for _, ahead := range []time.Duration{0, 14 * time.Minute, 16 * time.Minute, -14 * time.Minute, -16 * time.Minute} {
			s.ahead = 0
			more := "&X-Amz-Expires=" + expires
			if expires == "" {
				more = ""
			}
			r := s.presigned(c, "sts", "us-east-1", more)
			s.ahead = ahead
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			want, status := "Arn", 200
			switch {
			case ahead > 15*time.Minute:
				want, status = "<Message>Signature expired: ", 403
			case ahead < -15*time.Minute:
				want, status = "<Message>Signature not yet current: ", 403
			}
			if w.Code != status || !strings.Contains(w.Body.String(), want) {
				t.Errorf("X-Amz-Expires=%s after %v: %d %s", expires, ahead, w.Code, w.Body)
			}
		}
	}
}
