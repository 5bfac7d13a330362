package website

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed pages/*.html
var files embed.FS

//go:embed assets/*
var assetFiles embed.FS

// An assets is files under names that contain a hash of their content, so that they can be cached forever.
type assets map[string]asset

type asset struct {
	kind    string
	data    []byte
	gzipped []byte
}

func newAssets() assets {
	kinds := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	a := assets{}
	entries, _ := assetFiles.ReadDir("assets") // embedded
	for _, e := range entries {
		data, _ := assetFiles.ReadFile("assets/" + e.Name())
		sum := sha256.Sum256(data)
		extension := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), extension) + "." + hex.EncodeToString(sum[:8]) + extension
		a[name] = asset{kinds[extension], data, gzipped(data)}
	}
	return a
}

// address is the path of a file.
func (a assets) address(file string) string {
	extension := path.Ext(file)
	for name := range a {
		if strings.HasPrefix(name, strings.TrimSuffix(file, extension)+".") && path.Ext(name) == extension {
			return "/assets/" + name
		}
	}
	return ""
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	file, there := a[r.PathValue("name")]
	if !there {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(file.gzipped)
		return
	}
	_, _ = w.Write(file.data)
}

// gzipped compresses once: pages themselves are not compressed, as they hold form tokens beside what people send.
func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(data) // to memory
	_ = z.Close()
	return b.Bytes()
}

// acceptsGzip reports whether the browser named gzip, and not with q=0 (RFC 9110 section 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for _, coding := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.ToLower(weight), "q="), "0.") != "" || weight == ""
		}
	}
	return false
}
