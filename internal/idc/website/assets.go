package website

import (
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
	kind string
	data []byte
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
		a[name] = asset{kinds[extension], data}
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
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(file.data)
}
