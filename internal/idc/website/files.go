package website

import "embed"

//go:embed pages/*.html
var files embed.FS

//go:embed style.css
var style []byte
