package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const maxDepth = 32

// strict lets only one JSON object through where AWS answers with one, so that
// what the SDK reads has one meaning: no duplicate keys, no depth, no HTML.
type strict struct{ next http.RoundTripper }

func (s strict) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if err != nil || response.StatusCode/100 != 2 || r.Method == http.MethodPost && r.URL.Path == "/logout" {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if err := CheckObject(body); err != nil {
		kind := response.Header.Get("Content-Type")
		return nil, &answerError{fmt.Sprintf("%d bytes of type %q: %v", len(body), kind, err)}
	}
	response.Body = &wholeBody{bytes.NewReader(body), body}
	return response, nil
}

// CheckObject accepts exactly one JSON object of bounded depth without
// duplicate keys.
func CheckObject(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	first, err := decoder.Token()
	if err != nil {
		return errors.New("not JSON")
	}
	if first != json.Delim('{') {
		return errors.New("not an object")
	}
	if err := checkMembers(decoder, 1); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("text after the object")
	}
	var refusal struct {
		Error any `json:"error"`
	}
	if err := json.Unmarshal(data, &refusal); err != nil || refusal.Error != nil {
		return errors.New("an error in an answer of success")
	}
	return nil
}

func checkMembers(decoder *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return errors.New("not JSON")
		}
		name := key.(string) // the decoder returns nothing else before a colon
		if seen[name] {
			return errors.New("a key appears twice")
		}
		seen[name] = true
		if err := checkValue(decoder, depth); err != nil {
			return err
		}
	}
	return checkEnd(decoder)
}

func checkValue(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return errors.New("not JSON")
	}
	if depth >= maxDepth {
		return errors.New("too deep")
	}
	switch token {
	case json.Delim('{'):
		return checkMembers(decoder, depth+1)
	case json.Delim('['):
		for decoder.More() {
			if err := checkValue(decoder, depth+1); err != nil {
				return err
			}
		}
		return checkEnd(decoder)
	}
	return nil
}

func checkEnd(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return errors.New("not JSON")
	}
	return nil
}
