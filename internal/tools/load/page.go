package main

import "encoding/base64"

// pageToken returns the token of the page of accounts after the n-th, as the server makes it.
func pageToken(n int) string {
	if n == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(accountID(n - 1)))
}
