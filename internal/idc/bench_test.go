package idc_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/seed"
)

// BenchmarkRoleCredentials is GetRoleCredentials without a network: authorization,
// keys, and the audit on disk.
func BenchmarkRoleCredentials(b *testing.B) {
	data, err := idc.OpenData(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer data.Close()
	text, _ := seed.Sample(idc.DefaultRegion)
	if _, err := seed.Load(b.Context(), data.Store, "sample.yaml", text, seed.Options{Cost: idctest.Cost()}, "operator",
		time.Now()); err != nil {
		b.Fatal(err)
	}
	c := &center{data: data, now: time.Now()}
	if c.Server, err = idc.New(idc.Options{URL: origin, Store: data.Store, Secret: data.Secret, Now: func() time.Time {
		return c.now
	}, OIDC: oidc.Options{NoLimits: true}}); err != nil {
		b.Fatal(err)
	}
	c.http = &http.Client{Transport: inProcess{c}}
	_, _, tokens := c.deviceTokens(b)
	b.SetParallelism(25)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest("GET", "/federation/credentials?account_id=111122223333&role_name=Admin", nil)
			r.Host = "127.0.0.1:9911"
			r.Header.Set("x-amz-sso_bearer_token", tokens.text("accessToken"))
			w := httptest.NewRecorder()
			c.ServeHTTP(w, r)
			if w.Code != 200 {
				b.Error(w.Body)
			}
		}
	})
}
