package main

import "encoding/base64"

// pageToken begins a page of accounts after the n-th, as the server's own tokens do.
func pageToken(n int) string {
	if n == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(accountID(n - 1)))
}
