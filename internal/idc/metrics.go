package idc

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// requestKey is a route and a status; the route of requests without one is "none".
type requestKey struct {
	route  string
	status int
}

type requestFigures struct {
	count int
	took  time.Duration
}

// metrics counts requests.
type metrics struct {
	mu       sync.Mutex
	requests map[requestKey]requestFigures
}

func (m *metrics) add(route string, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := requestKey{route, status}
	if route == "" {
		key.route = "none"
	}
	f := m.requests[key]
	m.requests[key] = requestFigures{f.count + 1, f.took + took}
}

// serveMetrics answers in Prometheus's text format.
func (s *Server) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(s.metricsText()))
}

func (s *Server) metricsText() string {
	var b strings.Builder
	s.metrics.mu.Lock()
	requests := maps.Clone(s.metrics.requests)
	s.metrics.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(requests), func(a, b requestKey) int {
		if c := strings.Compare(a.route, b.route); c != 0 {
			return c
		}
		return a.status - b.status
	})
	b.WriteString("# HELP rolecall_idc_request_duration_seconds Requests by route and status, and how long they " +
		"took.\n# TYPE rolecall_idc_request_duration_seconds summary\n")
	for _, k := range keys {
		labels := fmt.Sprintf("{route=%q,status=\"%d\"}", k.route, k.status)
		fmt.Fprintf(&b, "rolecall_idc_request_duration_seconds_count%s %d\n", labels, requests[k].count)
		fmt.Fprintf(&b, "rolecall_idc_request_duration_seconds_sum%s %g\n", labels, requests[k].took.Seconds())
	}
	b.WriteString("# HELP rolecall_idc_oidc_answers_total Calls of OIDC that were answered well.\n# TYPE " +
		"rolecall_idc_oidc_answers_total counter\n")
	counts := s.OIDC.Counts()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "rolecall_idc_oidc_answers_total{operation=%q} %d\n", name, counts[name])
	}
	b.WriteString("# HELP rolecall_idc_role_credentials_total Role credentials that were handed out.\n# TYPE " +
		"rolecall_idc_role_credentials_total counter\n")
	fmt.Fprintf(&b, "rolecall_idc_role_credentials_total %d\n", s.STS.HandedOut())
	return b.String()
}
