package faults_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/faults"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/proxy"
	"rolecall/internal/idc/visitor"
)

// A lab is an Identity Center on loopback, for watching its faults.
type lab struct {
	*faults.Player
	url, host              string
	roots                  *x509.CertPool
	id, secret             string // of a registration
	token, refresh, device string
}

func newLab(t *testing.T) *lab {
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{Player: faults.New(time.Now), roots: x509.NewCertPool()}
	server := httptest.NewUnstartedServer(nil)
	l.host = server.Listener.Addr().String()
	l.url = "http://" + l.host
	center, err := idc.New(idc.Options{
		URL: l.url, Store: data.Store, Secret: data.Secret, Around: l.Handler, OIDC: oidc.Options{
			RefreshGrace: time.Hour, NoLimits: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ca, path, err := proxy.OpenCA(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(path)
	if err != nil || !l.roots.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	l.Authority = ca
	p := proxy.New(ca, center, l.TLS, nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			p.ServeHTTP(w, r)
			return
		}
		center.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(func() { _ = l.Play(nil); server.Close(); _ = p.Close(); _ = data.Close() })
	l.signIn(t)
	return l
}

// ask posts JSON and reads JSON.
func (l *lab) ask(t *testing.T, path string, in map[string]any) map[string]any {
	t.Helper()
	body, _ := json.Marshal(in)
	r, err := http.Post(l.url+path, "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %d %v %v", path, r.StatusCode, out, err)
	}
	return out
}

func (l *lab) signIn(t *testing.T) {
	r := l.ask(t, "/client/register", map[string]any{
		"clientName": "lab", "clientType": "public", "scopes": []string{"sso:account:access"},
	})
	l.id, l.secret = r["clientId"].(string), r["clientSecret"].(string)
	d := l.ask(t, "/device_authorization", l.client("startUrl", l.url+"/start"))
	if _, err := (visitor.Visitor{User: "alice", Password: "correct-horse-alice"}).Visit(context.Background(),
		d["verificationUriComplete"].(string)); err != nil {
		t.Fatal(err)
	}
	token := l.ask(t, "/token",
		l.client("grantType", "urn:ietf:params:oauth:grant-type:device_code", "deviceCode", d["deviceCode"]))
	l.token, l.refresh = token["accessToken"].(string), token["refreshToken"].(string)
	l.device = l.ask(t, "/device_authorization", l.client("startUrl", l.url+"/start"))["deviceCode"].(string)
}

func (l *lab) client(more ...any) map[string]any {
	m := map[string]any{"clientId": l.id, "clientSecret": l.secret}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

// request is a valid request for a route, as sent over the wire.
func (l *lab) request(route string) string {
	var path string
	var body map[string]any
	switch name, query, _ := strings.Cut(route, "?"); name {
	case "register":
		path, body = "/client/register", map[string]any{
			"clientName": "lab", "clientType": "public", "scopes": []string{"sso:account:access"},
		}
	case "device":
		path, body = "/device_authorization", l.client("startUrl", l.url+"/start")
	case "token":
		path, body = "/token", l.client("grantType", "urn:ietf:params:oauth:grant-type:device_code", "deviceCode", l.device)
	case "refresh":
		path, body = "/token", l.client("grantType", "refresh_token", "refreshToken", l.refresh)
	case "credentials":
		path = "/federation/credentials?account_id=111122223333&role_name=Admin"
	case "roles":
		path = "/assignment/roles?account_id=111122223333&" + query
	default:
		path = "/assignment/accounts?max_result=100&" + query
	}
	head := fmt.Sprintf("Host: %s\r\nConnection: close\r\nx-amz-sso_bearer_token: %s\r\n", l.host, l.token)
	if body == nil {
		return "GET " + path + " HTTP/1.1\r\n" + head + "\r\n"
	}
	text, _ := json.Marshal(body)
	return fmt.Sprintf("POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", path, head, len(text), text)
}

// A seen is what came back on the wire.
type seen struct {
	text  string
	err   error // nil: the connection was closed
	total int
}

const (
	patience = 500 * time.Millisecond // after the first byte
	bound    = 20 * time.Second       // until it, on a busy machine
	enough   = 4 << 20
)

// exchange sends a request on its own connection, waits for the first byte, and then reads for a while.
func exchange(conn net.Conn, request string, first time.Duration) seen {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(first))
	if _, err := io.WriteString(conn, request); err != nil {
		return seen{err: err}
	}
	text := make([]byte, 1)
	if n, err := conn.Read(text); n == 0 {
		return seen{err: err}
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	rest, err := io.ReadAll(io.LimitReader(conn, enough-1))
	text = append(text, rest...)
	return seen{text: string(text), err: err, total: len(text)}
}

func (l *lab) see(t *testing.T, route string) seen { return l.seeWithin(t, route, bound) }

func (l *lab) seeWithin(t *testing.T, route string, first time.Duration) seen {
	t.Helper()
	conn, err := net.Dial("tcp", l.host)
	if err != nil {
		t.Fatal(err)
	}
	return exchange(conn, l.request(route), first)
}

// secured connects through the proxy.
func (l *lab) secured(t *testing.T, config *tls.Config) (*tls.Conn, error) {
	t.Helper()
	conn, err := net.Dial("tcp", l.host)
	if err != nil {
		t.Fatal(err)
	}
	const name = "portal.sso.us-east-1.amazonaws.com"
	fmt.Fprintf(conn, "CONNECT %[1]s:443 HTTP/1.1\r\nHost: %[1]s:443\r\n\r\n", name)
	_ = conn.SetDeadline(time.Now().Add(4 * patience))
	const established = "HTTP/1.1 200 Connection established\r\n\r\n"
	if _, err := io.ReadFull(conn, make([]byte, len(established))); err != nil {
		t.Fatal(err)
	}
	config.RootCAs, config.ServerName = l.roots, name
	secured := tls.Client(conn, config)
	return secured, secured.Handshake()
}

// played maps each fault to what it looks like on the wire: a regular expression in which a dot matches any byte.
var played = []struct{ spec, route, want string }{
	{"throttle", "accounts", `^HTTP/1.1 429 .*Retry-After: 1\r.*TooManyRequestsException`},
	{"throttle=9@register", "register", `^HTTP/1.1 400 .*Retry-After: 9\r.*SlowDownException:.*"slow_down"`},
	{"unauthorized", "credentials", `^HTTP/1.1 401 .*UnauthorizedException`},
	{"forbidden", "roles", `^HTTP/1.1 403 .*ForbiddenException.*No access`},
	{"unavailable", "accounts", `^HTTP/1.1 503 `},
	{"unavailable=504@refresh", "refresh", `^HTTP/1.1 504 .*InternalServerException:.*server_error`},
	{"status=409:OddException", "accounts", `^HTTP/1.1 409 .*X-Amzn-Errortype: OddException\r`},
	{"retry-after=1000000000", "accounts", `^HTTP/1.1 429 .*Retry-After: 1000000000\r`},
	{"error-text", "refresh", `^HTTP/1.1 400 .*"error_description":".*\\u001b\[2J`},
	{"error-type", "accounts", `^HTTP/1.1 500 [^:]*\r\nContent-Length[^_]*$`},
	{"error-type=unknown", "accounts", `Errortype: PlayedException`},
	{"error-type=huge", "accounts", `Errortype: (Played){900}`},
	{"vanished-account", "roles", `^HTTP/1.1 404 .*ResourceNotFoundException`},
	{"never-approved", "token", `AuthorizationPendingException:.*"authorization_pending"`},
	{"slow-down", "token", `SlowDownException:.*"slow_down"`},
	{"denied", "token", `AccessDeniedException:.*"access_denied"`},
	{"expired-code", "token", `ExpiredTokenException:.*"expired_token"`},
	{"session-ended", "refresh", `InvalidGrantException:.*"invalid_grant"`},
	{"expired-registration", "refresh", `^HTTP/1.1 401.*"invalid_client"`},
	{"html", "accounts", `^HTTP/1.1 200.*text/html.*<html>`},
	{"empty-body", "accounts", `^HTTP/1.1 200.*Content-Length: 0\r.*\r\n\r\n$`},
	{"null-body", "accounts", `\r\n\r\nnull$`},
	{"array-body", "accounts", `\r\n\r\n\[\]$`},
	{"empty-object", "accounts", `\r\n\r\n\{\}$`},
	{"truncated", "accounts", `\r\n\r\n\{"accountList":.*[^}]$`},
	{"trailing-garbage", "accounts", `\}\{"more":true\} and more$`},
	{"utf-16", "accounts", "\\r\\n\\r\\n\xfe\xff\x00\\{\x00\""},
	{"bad-utf8", "accounts", "\"accountName\":\"\xff\xc0\x80\xed\xa0\x80"},
	{"nul", "accounts", `"accountName":"a` + "\x00b"},
	{"nul=escaped", "accounts", `"accountName":"a\\u0000b`},
	{"duplicate-keys", "accounts", `"accountList":\[.*"accountList":\[`},
	{"gzip", "accounts", `Content-Encoding: gzip\r.*` + "\\r\\n\\r\\n\x1f\x8b"},
	{"error-with-token", "refresh", `^HTTP/1.1 200.*"accessToken":"aoa.*"error":"invalid_grant"`},
	{"expires-in", "refresh", `"expiresIn":-1,`},
	{"expires-in=9223372036854775808", "refresh", `"expiresIn":9223372036854775808,`},
	{`expires-in="\"3600\""`, "refresh", `"expiresIn":"3600",`},
	{"interval=-1", "device", `"interval":-1,`},
	{"verification-uri", "device", `"verificationUri":"javascript:.*"verificationUriComplete":"javascript:`},
	{"verification-uri=long", "device", `"verificationUri":"https://elsewhere.example.com/xRUN100000`},
	{"user-code", "device", `"userCode":"\\u001b`},
	{"token-type", "refresh", `"tokenType":"MAC"`},
	{"access-token", "refresh", `"accessToken":""`},
	{"access-token=huge", "refresh", `"accessToken":"xRUN1000000"`},
	{"access-token=line-break", "refresh", `"accessToken":"aoa\\r\\nX-Played`},
	{"no-refresh-token", "refresh", `"refreshToken":null`},
	{"same-refresh-token", "refresh", `"refreshToken":"REFRESH"`},
	{"secret-expires", "register", `"clientSecretExpiresAt":0,`},
	{"authorization-endpoint", "register", `"authorizationEndpoint":"https://elsewhere`},
	{"account-name", "accounts", `"accountName":"\$\(touch played`},
	{`account-name="\u001b[0m"`, "accounts", `"accountName":"\\u001b\[0m"`},
	{"email", "accounts", `"emailAddress":"a@example.com\\nplayed`},
	{"account-id=-1", "accounts", `"accountId":"-1"`},
	{"role-name", "roles", `"roleName":"../Admin \$`},
	{"foreign-roles", "roles", `"accountId":"999999999999"`},
	{"access-key-id", "credentials", `"accessKeyId":"ASIA\\"'\$\(touch`},
	{"secret-key", "credentials", `"secretAccessKey":"xRUN10000"`},
	{"expiration", "credentials", `"expiration":1\d{9},`},
	{"expiration=9999", "credentials", `"expiration":253402300799000,`},
	{"expired-credentials", "credentials", `"expiration":1\d{12},`},
	{"missing=accountId", "accounts", `\[\{"accountName":"[^"]+","emailAddress":"[^"]+"\}`},
	{"missing", "accounts", `\r\n\r\n\{[^{]*\}$|\[\{("[a-zA-Z]+":"[^"]+",?){2}\}`},
	{"wrong-type=expiration", "credentials", `"expiration":"played"`},
	{"wrong-type", "credentials", `:7|:"played"`},
	{"string-for-object", "credentials", `"roleCredentials":"played"`},
	{"string-for-object@refresh", "refresh", `\r\n\r\n"played"$`},
	{"number-for-string@refresh", "refresh", `"accessToken":7,`},
	{"deep", "accounts", `\[RUN100000\]RUN100000\}$`},
	{"key-case@refresh", "refresh", `"AccessToken":"aoa`},
	{"nan", "credentials", `"expiration":NaN`},
	{"huge-number@refresh", "refresh", `"expiresIn":1e400`},
	{"long-string", "credentials", `"accessKeyId":"xRUN1000000"`},
	{"long-array=1000", "accounts", `"accountList":\[(0,){900}.*0\]`},
	{"same-page", "accounts?next_token=again", `"accountList":\[\],"nextToken":"again"`},
	{"two-pages", "accounts?next_token=page1", `"accountList":\[\],"nextToken":"page0"`},
	{"endless-pages", "roles?next_token=41", `"nextToken":"42","roleList":\[\]`},
	{"many-accounts", "accounts?next_token=500", `"accountId":"000000000500".*"000000000599".*"nextToken":"600"`},
	{"many-accounts=550", "accounts?next_token=500", `"accountId":"000000000549".*"nextToken":null`},
	{"duplicate-accounts", "accounts", `"accountId":"111122223333".*"accountId":"111122223333"`},
	{"long-page-token", "accounts", `"nextToken":"xRUN1000000"`},
	{"page-token-line-break", "accounts", `"nextToken":"a\\r\\nX-`},
	{"page-fails", "accounts", `^HTTP/1.1 200.*"accountList":\[\{[^{]*\}\],"nextToken":"2\.`},
	{"page-fails", "accounts?next_token=2.abc", `^HTTP/1.1 500`},
	{
		"accounts-change", "accounts?next_token=2.MTExMTIyMjIzMzMz",
		`^HTTP/1.1 200.*"accountId":"999900000002","accountName":"changed-2".*"nextToken":"3\.`,
	},
	{"no-list", "accounts", `"accountList":null`},
	{"no-list=absent", "roles", `\r\n\r\n\{"nextToken":null\}$`},
	{"no-roles", "roles", `"roleList":\[\]`},
	{"many-headers", "accounts", `X-Played-1: played\r.*X-Played-9999: played\r`},
	{"long-header", "accounts", `X-Played: xRUN1000000\r`},
	{"cookie-flood", "accounts", `Set-Cookie: played0=.*Set-Cookie: played99=`},
	{"alt-svc", "accounts", `Alt-Svc: h3=`},
	{"hsts", "accounts", `Strict-Transport-Security: max-age`},
	{"date", "accounts", `^HTTP/1.1 200.*Date: [^\r]*YEAR+10 `},
	{"clock=-24h", "credentials", `^HTTP/1.1 200.*Date: `},
	{"redirect@refresh", "refresh", `^HTTP/1.1 302.*Location: https://elsewhere.example.com/\r`},
	{"redirect-body", "refresh", `^HTTP/1.1 307.*Location: https://elsewhere.example.com/\r`},
	{"redirect-loop", "accounts", `^HTTP/1.1 302.*Location: /assignment/accounts`},
	{"redirect-to-http", "accounts", `^HTTP/1.1 307.*Location: http://127.0.0.1:\d+/assignment/accounts`},
	{"redirect-inside", "accounts", `^HTTP/1.1 302.*Location: http://169.254.169.254/`},
	{"redirect-inside=file", "accounts", `^HTTP/1.1 302.*Location: file:///etc/passwd\r`},
	{"redirect-to-name", "accounts", `^HTTP/1.1 307.*Location: http://rebinding.example.com:\d+/assignment/accounts`},
	{"huge-body", "accounts", `Content-Length: 1073741824\r.* RUN\d+BIG$`},
	{"endless-body", "accounts", `chunked\r.*\r\n10000\r\n RUN65536\r\n10000\r\n.*BIG$`},
	{"gzip-bomb", "accounts", `Content-Encoding: gzip\r.*` + "\x1f\x8b\x08"},
	{"slow-body=100ms", "accounts", `\r\n\r\n\{.{2,9}HANGS$`},
	{"slow-headers=100ms", "accounts", `^HT.{0,9}HANGS$`},
	{"silence", "accounts", `^HANGS$`},
	{"hanging", "accounts", `Connection: close\r\n\r\n\{.*\}HANGS$`},
	{"stalled", "accounts", `Content-Length: .*\r\n\r\n\{.*[^}]HANGS$`},
	{"endless-continue", "accounts", `^(HTTP/1.1 100 Continue\r\n\r\n){100}`},
	{"early-hints", "accounts", `^(HTTP/1.1 103 Early Hints\r\nLink: [^\r]*\r\n\r\n){100}`},
	{"reset", "accounts", `\r\n\r\n\{"acc.*[^}]RESET$`},
	{"reset=start", "accounts", `^RESET$`},
	{"lost-answer", "refresh", `^HTTP/1.1 200.*\{"accessToken.*[^}]RESET$`},
	{"cut-after-headers", "accounts", `Content-Length: [1-9]\d*\r\n\r\n$`},
	{"short-body", "accounts", `\r\n\r\n\{.*[^}]$`},
	{"long-body", "accounts", `\}and more, `},
	{"two-lengths", "accounts", `Content-Length: .*Content-Length: `},
	{"length-and-chunked", "accounts", `Content-Length: 2\r\nTransfer-Encoding: chunked\r.*0\r\n\r\n$`},
	{"http-0.9", "accounts", `^\{"nextToken.*|^\{"accountList.*`},
	{"second-answer@refresh", "refresh", `^HTTP/1.1 200 .*\}HTTP/1.1 200 .*\}`},
	{"early-answer", "accounts", `^HTTP/1.1 200 .*\}HTTP/1.1 200 .*"before the request"\}`},
}

// marked ends a text with how it ended.
func (s seen) marked() string {
	var timeout net.Error
	switch {
	case s.total == enough:
		return s.text + "BIG"
	case errors.As(s.err, &timeout) && timeout.Timeout():
		return s.text + "HANGS"
	case s.err != nil && strings.Contains(s.err.Error(), "reset by peer"):
		return s.text + "RESET"
	}
	return s.text
}

func TestFaultsDoWhatTheySay(t *testing.T) {
	l := newLab(t)
	for _, c := range played {
		t.Run(c.spec, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.HasSuffix(c.want, "RESET$") {
				t.Skip("Windows drops what has arrived when a connection is reset")
			}
			if err := l.Play([]string{c.spec}); err != nil {
				t.Fatal(err)
			}
			first := bound
			if c.want == "^HANGS$" {
				first = patience
			}
			got := l.seeWithin(t, c.route, first).marked()
			want := strings.NewReplacer("YEAR+10", fmt.Sprint(time.Now().Add(87600*time.Hour).UTC().Year()), "REFRESH",
				l.refresh).Replace(c.want)
			if !matches(want, got) {
				t.Errorf("%.600q\nis not %s", got, want)
			}
		})
	}
	if err := l.Play(nil); err != nil {
		t.Fatal(err)
	}
	if got := l.see(t, "accounts"); !strings.HasPrefix(got.text, "HTTP/1.1 200") {
		t.Errorf("after all that: %s", got.text)
	}
}

// runs shortens runs of a byte: a million x become xRUN1000000.
func runs(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		n := 1
		for i+n < len(text) && text[i+n] == text[i] {
			n++
		}
		if n > 2000 {
			fmt.Fprintf(&b, "%cRUN%d", text[i], n)
		} else {
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

// matches compares bytes: each is treated as the character of its number.
func matches(pattern, text string) bool {
	text = runs(text)
	wide := func(s string) string {
		r := make([]rune, len(s))
		for i := range len(s) {
			r[i] = rune(s[i])
		}
		return string(r)
	}
	return regexp.MustCompile("(?s)" + wide(pattern)).MatchString(wide(text))
}
