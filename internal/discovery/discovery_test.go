package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
)

func TestStartURL(t *testing.T) {
	const instance = "ssoins-0123456789abcdef"
	for want, texts := range map[string][]string{
		"https://d-1234567890.awsapps.com/start": {
			"https://d-1234567890.awsapps.com/start", "https://d-1234567890.awsapps.com/start/",
			"https://d-1234567890.awsapps.com/start#", "https://d-1234567890.awsapps.com/start#/",
			"https://d-1234567890.awsapps.com/start/#/", "https://d-1234567890.awsapps.com/start/#",
			"https://d-1234567890.awsapps.com/start/#/?tab=accounts",
			"https://d-1234567890.awsapps.com/start/#/device?user_code=A-B",
			"https://d-1234567890.awsapps.com/start/#/console?account_id=111122223333&role_name=Admin" +
				"&destination=https%3A%2F%2Fconsole.aws.amazon.com%2F",
			"https://d-1234567890.awsapps.com/start?x=1", "https://d-1234567890.awsapps.com",
			"https://d-1234567890.awsapps.com/", "https://d-1234567890.awsapps.com:443/start",
			"https://D-1234567890.AwsApps.COM/start", "HTTPS://d-1234567890.awsapps.com/start",
			"http://d-1234567890.awsapps.com/start", "d-1234567890.awsapps.com/start", "d-1234567890.awsapps.com",
			"  d-1234567890.awsapps.com/start/#/\n", "d-1234567890", "D-1234567890", "d-1234567890/#/",
		},
		"https://example-corp.awsapps.com/start": {"example-corp", "Example-Corp.awsapps.com"},
		"https://start.us-gov-home.awsapps.com/directory/d-1234567890": {
			"https://start.us-gov-home.awsapps.com/directory/d-1234567890",
			"start.us-gov-home.awsapps.com/directory/d-1234567890/#/",
		},
		"https://start.us-gov-east-1.us-gov-home.awsapps.com/directory/d-1234567890": {
			"https://start.us-gov-east-1.us-gov-home.awsapps.com/directory/d-1234567890/",
		},
		"https://start.home.awsapps.cn/directory/d-1234567890": {
			"https://start.home.awsapps.cn/directory/d-1234567890#/",
		},
		"https://d-1234567890.awsapps.cn/start": {"https://d-1234567890.awsapps.cn/start/"},
		"https://" + instance + ".portal.us-east-1.app.aws": {
			"https://" + instance + ".portal.us-east-1.app.aws",
			"https://" + instance + ".portal.us-east-1.app.aws/#/?tab=accounts",
			"https://" + instance + ".portal.us-east-1.app.aws/x/../y/",
		},
		"https://" + instance + ".us-east-1.portal.amazonaws.com": {
			strings.ToUpper(instance) + ".us-east-1.portal.amazonaws.com/",
		},
		"https://identitycenter.amazonaws.com/" + instance: {
			"https://identitycenter.amazonaws.com/" + instance, instance,
		},
		"https://identitycenter.us-gov.amazonaws.com/" + instance: {
			"identitycenter.us-gov.amazonaws.com/" + instance + "/#/",
		},
		"http://127.0.0.1:9911/start": {
			"http://127.0.0.1:9911", "http://127.0.0.1:9911/", "http://127.0.0.1:9911/start/",
			"http://127.0.0.1:9911/start#/", "127.0.0.1:9911",
		},
		"http://localhost:9911/start":  {"localhost:9911/start"},
		"http://[::1]:9911/start":      {"http://[::1]:9911"},
		"https://localhost:9911/start": {"https://localhost:9911"},
		"https://sso.example.com":      {"https://SSO.example.com/"},
		"https://sso.example.com/aws":  {"sso.example.com/aws/"},
		"https://sso.example.com:8443": {"https://sso.example.com:8443"},
	} {
		for _, text := range texts {
			if got, err := StartURL(text); got != want || err != nil {
				t.Errorf("%q: %q, %v; want %q", text, got, err, want)
			}
		}
	}
	for _, text := range []string{
		"", " ", "ftp://d-1234567890.awsapps.com/start", "file:///etc/passwd", "javascript:alert(1)", "https://",
		"https:///start", "http://sso.example.com",
		"https://me:pw@d-1234567890.awsapps.com/start", "me@d-1234567890.awsapps.com",
		"https://d-1234567890.awsapps.com:8443/start", "https://d-1234567890.awsapps.com/workdocs",
		"https://a.b.awsapps.com/start", "https://start.us-gov-home.awsapps.com", "https://identitycenter.amazonaws.com",
		"https://identitycenter.amazonaws.com/ssoins-1",
		"https://console.portal.us-east-1.app.aws", "111122223333", "-x", "x_y", "my corp",
		"d-1234567890.awsapps.com/start\x1b[31m", "https://例え.jp", "https://sso..example.com",
		"http://10.0.0.1/start", "..", "/", "https://exa%6dple", "sso.example.com;rm", strings.Repeat("x", 3000),
		"arn:aws:sso:::instance/" + instance, "user@example.com",
	} {
		var wrong *StartURLError
		if got, err := StartURL(text); !errors.As(err, &wrong) {
			t.Errorf("%.60q: %q, %v; want an error", text, got, err)
		}
	}
}

// StartURL returns its own results unchanged: sessions are found by them.
func TestStartURLIsStable(t *testing.T) {
	for _, text := range []string{
		"example", "127.0.0.1:1", "https://sso.example.com/x//", "ssoins-0123456789abcdef",
		"start.home.awsapps.cn/directory/D-1",
	} {
		once, err := StartURL(text)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := StartURL(once); twice != once || err != nil {
			t.Errorf("%q becomes %q, then %q, %v", text, once, twice, err)
		}
	}
}

func TestOfHost(t *testing.T) {
	const x = "ssoins-0123456789abcdef"
	for host, want := range map[string]string{
		x + ".portal.us-east-1.app.aws":                           "us-east-1",
		x + ".portal.us-gov-west-1.app.aws":                       "us-gov-west-1",
		x + ".eu-central-1.portal.amazonaws.com":                  "eu-central-1",
		x + ".us-gov-east-1.portal.amazonaws.com":                 "us-gov-east-1",
		x + ".cn-north-1.portal.amazonaws.com.cn":                 "cn-north-1",
		x + ".portal.cn-northwest-1.app.amazonwebservices.com.cn": "cn-northwest-1",
		x + ".eusc-de-east-1.portal.amazonaws.eu":                 "eusc-de-east-1",
		x + ".portal.eusc-de-east-1.api.amazonwebservices.eu":     "eusc-de-east-1",
		strings.ToUpper(x) + ".PORTAL.US-EAST-1.APP.AWS":          "us-east-1",
		x + ".portal.cn-north-1.app.aws":                          "",
		x + ".us-east-1.portal.amazonaws.com.cn":                  "",
		x + ".portal.evil.app.aws":                                "",
		x + ".x.us-east-1.portal.amazonaws.com":                   "",
		x + ".portal.us-east-1.awsapps.com.evil.example":          "",
		"d-1234567890.awsapps.com":                                "",
		"d-1.portal.us-east-1.app.aws":                            "",
		x + ".app.aws":                                            "",
		x + ".portal.us-east-1.app.aws.evil.example":              "",
		"start.us-gov-home.awsapps.com":                           "",
		"identitycenter.amazonaws.com":                            "",
	} {
		if got := OfHost(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

func TestMetaRegion(t *testing.T) {
	for page, want := range map[string]string{
		`<meta name="region" content="us-east-1"/>`:                                              "us-east-1",
		`<meta name="region" content="us-east-1">`:                                               "us-east-1",
		`<meta name="region" content="us-east-1" />`:                                             "us-east-1",
		"<META\n  NAME='Region'\tCONTENT = 'eu-west-1' >":                                        "eu-west-1",
		`<meta content="eu-west-1" name="region">`:                                               "eu-west-1",
		`<meta name=region content=eu-west-1/>`:                                                  "eu-west-1",
		`<meta data-x="a>b" name="region" content=" eu-west-1 ">`:                                "eu-west-1",
		`<meta name="region" content="eu&#45;west&#45;1">`:                                       "eu-west-1",
		`<meta charset=utf-8><meta name="viewport" content="x"><meta name="region" content="a">`: "a",
		`<!-- <meta name="region" content="us-east-1"> --><meta name="region" content="a-b-1">`:  "a-b-1",
		`<meta name="region" content="a"><meta name="region" content="b">`:                       "",
		`<meta name="region" content="a"><meta name="region" content="a">`:                       "a",
		`<meta name="regional" content="us-east-1">`:                                             "",
		`<meta name="region" content="">`:                                                        "",
		`<metaname="region" content="us-east-1">`:                                                "",
		`<p>name="region" content="us-east-1"</p>`:                                               "",
		`<meta name="region" content="us-east-1"`:                                                "",
		`<script>'<meta name="region" content="a">'</script>`:                                    "",
		"": "",
	} {
		if got := metaRegion(page); got != want {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
}

// internet is a network where all hosts are one TLS server on this machine.
type internet struct {
	mu    sync.Mutex
	pages map[string]http.HandlerFunc // by host
	asked []string                    // METHOD host path
}

func (i *internet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.asked = append(i.asked, r.Method+" "+r.Host+r.URL.Path)
	page := i.pages[r.Host]
	i.mu.Unlock()
	if len(r.Cookies()) > 0 || r.Header.Get("Authorization") != "" {
		http.Error(w, "a secret", http.StatusBadRequest)
		return
	}
	if page == nil {
		http.NotFound(w, r)
		return
	}
	page(w, r)
}

// browse returns a client in that network, which looks up no names, but checks certificates.
func (i *internet) browse(t *testing.T) *http.Client {
	t.Helper()
	server := httptest.NewTLSServer(i)
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // httptest's certificate
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	return client.Over(transport, nil)
}

func says(region string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><meta name="region" content=%q/>`, region)
	}
}

func leads(status int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// headOnly answers HEAD with a status, and GET with the page.
func headOnly(code int, page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(code)
			return
		}
		page(w, r)
	}
}

func TestRegion(t *testing.T) {
	const (
		corp     = "https://corp.awsapps.com/start"
		gov      = "https://start.us-gov-home.awsapps.com/directory/d-1"
		instance = "ssoins-0123456789abcdef.eu-west-1.portal.amazonaws.com"
	)
	i := &internet{pages: map[string]http.HandlerFunc{
		"corp.awsapps.com":              says("eu-central-1"),
		"start.us-gov-home.awsapps.com": says("us-gov-east-1"),
		"wrong.awsapps.com":             says("cn-north-1"),
		"evil.awsapps.com":              says("us-east-1.attacker.example/"),
		"silent.awsapps.com": func(w http.ResponseWriter,
			_ *http.Request,
		) {
			fmt.Fprint(w, "<h1>Sign in to the hotel's network</h1>")
		},
		"none.awsapps.com":      status(404),
		"down.awsapps.com":      status(503),
		"busy.awsapps.com":      status(429),
		"moved.awsapps.com":     leads(302, corp+"/"),
		"instance.awsapps.com":  leads(302, "https://"+instance+"/"),
		"loop.awsapps.com":      leads(302, "/start"),
		"hijacked.awsapps.com":  leads(302, "https://attacker.example/?secret"),
		"clear.awsapps.com":     leads(302, "http://corp.awsapps.com/start"),
		"sso.example.com":       leads(301, corp+"/#/?x"),
		"307.example.com":       leads(307, "https://"+instance+"/start"),
		"405.example.com":       headOnly(405, leads(303, corp)),
		"501.example.com":       headOnly(501, leads(308, "corp.awsapps.com")),
		"503.example.com":       status(503),
		"plain.example.com":     says("us-east-1"),
		"elsewhere.example.com": leads(302, "https://attacker.example/start?token"),
		"alike.example.com":     leads(302, "https://awsapps.com.attacker.example/start"),
		"http.example.com":      leads(302, "http://corp.awsapps.com/start"),
		"port.example.com":      leads(302, "https://corp.awsapps.com:8443/start"),
		"user.example.com":      leads(302, "https://me@corp.awsapps.com/start"),
		"twice.example.com":     leads(302, "https://sso.example.com/"),
	}}
	browser := i.browse(t)
	type want struct {
		Found
		kind  error
		elsew bool
	}
	none := want{kind: ErrNoRegion}
	for start, want := range map[string]want{
		corp:                                 {Found: Found{corp, "eu-central-1", FromPage}},
		"https://" + instance:                {Found: Found{"https://" + instance, "eu-west-1", FromHost}},
		"https://moved.awsapps.com/start":    {Found: Found{"https://moved.awsapps.com/start", "eu-central-1", FromPage}},
		"https://instance.awsapps.com/start": {Found: Found{"https://instance.awsapps.com/start", "eu-west-1", FromPage}},
		"https://sso.example.com":            {Found: Found{corp, "eu-central-1", FromPage}},
		"https://307.example.com":            {Found: Found{"https://" + instance, "eu-west-1", FromHost}},
		"https://405.example.com":            {Found: Found{corp, "eu-central-1", FromPage}},
		gov:                                  {Found: Found{gov, "us-gov-east-1", FromPage}},
		"https://wrong.awsapps.com/start":    none,
		"https://evil.awsapps.com/start":     none,
		"https://silent.awsapps.com/start":   none,
		"https://none.awsapps.com/start":     none,
		"https://loop.awsapps.com/start":     none,
		"https://plain.example.com":          none,
		"https://down.awsapps.com/start":     {kind: identitycenter.ErrUnavailable},
		"https://busy.awsapps.com/start":     {kind: identitycenter.ErrThrottled},
		"https://503.example.com":            {kind: identitycenter.ErrUnavailable},
		"https://hijacked.awsapps.com/start": {elsew: true},
		"https://clear.awsapps.com/start":    {elsew: true},
		"https://elsewhere.example.com":      {elsew: true},
		"https://alike.example.com":          {elsew: true},
		"https://http.example.com":           {elsew: true},
		"https://port.example.com":           {elsew: true},
		"https://user.example.com":           {elsew: true},
		"https://twice.example.com":          {elsew: true},
		"https://501.example.com":            {elsew: true}, // a path on its own host
	} {
		got, err := Region(t.Context(), browser, start)
		var elsewhere *ElsewhereError
		switch {
		case want.elsew:
			if !errors.As(err, &elsewhere) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "token") {
				t.Errorf("%s: %+v, %v; want a refusal", start, got, err)
			}
		case want.kind != nil:
			if !errors.Is(err, want.kind) || errors.As(err, &elsewhere) {
				t.Errorf("%s: %+v, %v; want %v", start, got, err, want.kind)
			}
		case got != want.Found || err != nil:
			t.Errorf("%s: %+v, %v; want %+v", start, got, err, want.Found)
		}
	}
	for _, line := range i.asked {
		if strings.Contains(line, "attacker") {
			t.Errorf("asked %s", line)
		}
	}
}

// A start URL at AWS's own hosts, or on this machine over http, is what it is: nothing is asked.
func TestIssuerOfAWSsOwn(t *testing.T) {
	i := &internet{}
	for text, region := range map[string]string{
		"https://D-1234567890.awsapps.com/start/#/":                 "",
		"https://ssoins-0123456789abcdef.portal.eu-west-1.app.aws/": "eu-west-1",
		"https://identitycenter.amazonaws.com/ssoins-1":             "",
		"http://127.0.0.1:9911/start":                               "",
	} {
		want := Found{StartURL: text, Region: region, From: FromHost}
		if got, err := Issuer(t.Context(), i.browse(t), text); got != want || err != nil {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
	if len(i.asked) > 0 {
		t.Errorf("asked %q", i.asked)
	}
}

// A partition is a row of the table, and nothing else.
func TestANewPartition(t *testing.T) {
	const host, issuer = "ssoins-0123456789abcdef.moon-sea-north-1.portal.aws.moon", "identitycenter.aws.moon"
	p := portals{append(identitycenter.AWS(), identitycenter.Partition{
		Name: "aws-moon", Regions: []string{"moon-sea"}, DNSSuffix: "aws.moon",
		Portals: []string{"apps.moon"}, Instances: []string{"portal.aws.moon"}, Issuer: issuer,
	})}
	for text, want := range map[string]string{
		"corp.apps.moon": "https://corp.apps.moon/start",
		"https://start.home.apps.moon/directory/D": "https://start.home.apps.moon/directory/d",
		host + "/#/":                          "https://" + host,
		issuer + "/ssoins-0123456789ABCDEF/x": "https://" + issuer + "/ssoins-0123456789abcdef",
	} {
		if got, err := p.startURL(text); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if got := p.StartRegion(host) + ofAWS().StartRegion(host); got != "moon-sea-north-1" {
		t.Errorf("%s: %q", host, got)
	}
	i := &internet{pages: map[string]http.HandlerFunc{
		"corp.apps.moon":   says("moon-sea-north-1"),
		"wrong.apps.moon":  says("us-east-1"),
		"corp.awsapps.com": says("moon-sea-north-1"),
		"sso.example.com":  leads(302, "https://corp.apps.moon/start"),
	}}
	browser := i.browse(t)
	corp := Found{"https://corp.apps.moon/start", "moon-sea-north-1", FromPage}
	for start, want := range map[string]Found{
		corp.StartURL:                    corp,
		"https://sso.example.com":        corp,
		"https://" + host:                {"https://" + host, "moon-sea-north-1", FromHost},
		"https://wrong.apps.moon/start":  {},
		"https://corp.awsapps.com/start": {},
	} {
		got, err := p.find(t.Context(), browser, start)
		if want.Region == "" && !errors.Is(err, ErrNoRegion) || want.Region != "" && (got != want || err != nil) {
			t.Errorf("%s: %+v, %v; want %+v", start, got, err, want)
		}
	}
}

// On this machine http is allowed; a redirect must stay on that server.
func TestRegionOfALocalServer(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/start", says("eu-west-3"))
	mux.HandleFunc("/moved", leads(302, "/start"))
	mux.HandleFunc("/away", leads(302, "http://127.0.0.1:1/start"))
	server := httptest.NewServer(mux)
	defer server.Close()
	browser, err := client.NewHTTP(client.HTTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/start", "/moved"} {
		if got, err := Region(t.Context(), browser, server.URL+path); err != nil || got.Region != "eu-west-3" {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	var elsewhere *ElsewhereError
	if got, err := Region(t.Context(), browser, server.URL+"/away"); !errors.As(err, &elsewhere) {
		t.Errorf("%+v, %v", got, err)
	}
	server.Close()
	if _, err := Region(t.Context(), browser, server.URL+"/start"); !errors.Is(err, identitycenter.ErrUnavailable) {
		t.Error(err)
	}
}

func TestACertificateOfSomebodyElse(t *testing.T) {
	server := httptest.NewTLSServer(says("us-east-1"))
	defer server.Close()
	browser, err := client.NewHTTP(client.HTTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Region(t.Context(), browser, server.URL+"/start"); !errors.Is(err, identitycenter.ErrBadAnswer) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRegionCanBeInterrupted(t *testing.T) {
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer server.Close()
	browser, err := client.NewHTTP(client.HTTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := Region(ctx, browser, server.URL+"/start"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
