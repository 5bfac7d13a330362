package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc/admin"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/store/sqlite"
)

const (
	dev  = "111122223333"
	prod = "222233334444"
)

// A world is an API over a real store, behind a real server, with a clock that the test moves.
type world struct {
	*testing.T
	api      *admin.API
	store    store.Store
	server   *httptest.Server
	instance directory.Instance
	later    atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	memory, err := sqlite.Memory([]byte("the key of the audit"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, store: memory}
	w.api = &admin.API{Store: memory, Now: w.now, Authenticate: authenticate}
	w.update(func(tx store.Tx) (err error) {
		if w.instance, err = directory.Open(tx, "us-east-1", w.now()); err != nil {
			return err
		}
		joined := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		return errors.Join(
			directory.Accounts().Put(tx, directory.Account{
				ID: dev, Name: "Development", Email: "dev@example.com", OU: "Workloads/Dev", Joined: joined,
			}),
			directory.Accounts().Put(tx, directory.Account{
				ID: prod, Name: "Production", Email: "prod@example.com", OU: "Workloads/Prod", Joined: joined,
			}),
			directory.Accounts().Put(tx, directory.Account{
				ID: w.instance.OwnerAccount, Name: "Management", Email: "root@example.com", Joined: joined,
			}),
		)
	})
	w.server = httptest.NewServer(w.api)
	t.Cleanup(func() {
		w.server.Close()
		if err := memory.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }

func (w *world) pass(d time.Duration) { w.later.Add(int64(d)) }

func (w *world) update(do func(store.Tx) error) {
	w.Helper()
	if err := w.store.Update(context.Background(), do); err != nil {
		w.Fatal(err)
	}
}

func (w *world) events() (all []store.Event) {
	w.Helper()
	err := w.store.View(context.Background(), func(r store.Reader) (err error) {
		all, err = r.Events(0, 10000)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// authenticate knows one key. Signatures are tested elsewhere.
func authenticate(r *http.Request, _ []byte) (string, *admin.Refusal) {
	switch authorization := r.Header.Get("Authorization"); {
	case authorization == "":
		return "", &admin.Refusal{
			Status: 400, Code: "MissingAuthenticationTokenException", Message: "Missing Authentication Token",
		}
	case !strings.Contains(authorization, "Credential=AKIDADMIN/"):
		return "", &admin.Refusal{
			Status: 400, Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid.",
		}
	}
	return "admin", nil
}

// config is for AWS's SDK.
func (w *world) config(key string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(w.server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: "secret"}, nil
		}),
	}
}

// An answer is what came over the wire.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) post(target string, body []byte) answer {
	w.Helper()
	r, _ := http.NewRequest(http.MethodPost, w.server.URL+"/", bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDADMIN/20261125/us-east-1/sso/aws4_request")
	return w.do(r)
}

func (w *world) do(r *http.Request) answer {
	w.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

func (w *world) call(target string, input map[string]any) answer {
	w.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		w.Fatal(err)
	}
	return w.post(target, body)
}

// refused checks for an exception of AWS by name, with text in its message.
func (w *world) refused(err error, code, text string) {
	w.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		w.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		w.Errorf("got %s %q, want %s %q", e.ErrorCode(), e.ErrorMessage(), code, text)
	}
}

// must returns the output of a successful call.
func must[T any](out T, err error) func(*world) T {
	return func(w *world) T {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
		return out
	}
}

// fails returns the error of a call.
func fails[T any](_ T, err error) error { return err }
