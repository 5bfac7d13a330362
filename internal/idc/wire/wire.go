// Package wire is shared by all answers of the Identity Center: uncompressed JSON, request ids, bounded bodies.
package wire

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// MaxBody bounds the body of a request.
const MaxBody = 64 << 10

// RequestID sets a new request id on an answer and returns it.
func RequestID(w http.ResponseWriter) string {
	id := uuid.NewString()
	w.Header().Set("x-amzn-RequestId", id)
	return id
}

// JSON answers with v.
func JSON(w http.ResponseWriter, status int, v any) {
	RequestID(w)
	body, err := json.Marshal(v)
	if err != nil { // cannot be: all answers are plain structs and maps
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Missing is the message for an operation of a service that is not implemented.
func Missing(service, operation string) string {
	return "idc does not implement " + strings.TrimPrefix(service+" ", " ") + operation
}

// Body reads a whole body of at most MaxBody bytes.
func Body(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > MaxBody {
		return nil, errors.New("body too large")
	}
	return body, nil
}
