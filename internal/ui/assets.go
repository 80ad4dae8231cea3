package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed css js
var assetFiles embed.FS

type asset struct {
	address, kind string
	body          []byte
}

// kinds are the media types of the files that there are; those of the system would differ from machine to machine.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// assets are the files of js/, and ui.css, which is all of css/ in the order of names. Their addresses have a hash of
// their content, so that browsers may keep them for ever.
var assets = sync.OnceValue(func() map[string]asset {
	list := map[string]asset{}
	add := func(name string, body []byte) {
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		list[name] = asset{
			address: strings.TrimSuffix(name, ext) + "-" + base64.RawURLEncoding.EncodeToString(sum[:9]) + ext,
			kind:    kinds[ext], body: body,
		}
	}
	var sheet bytes.Buffer
	err := fs.WalkDir(assetFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if path.Dir(name) == "css" {
			sheet.Write(body)
			return nil
		}
		add(path.Base(name), body)
		return nil
	})
	if err != nil {
		panic(err) // embedded files can be read
	}
	add("ui.css", sheet.Bytes())
	return list
})

// Asset is the name of a file with the hash of its content. A name that there is not panics: names are in the source.
func Asset(name string) string {
	a, ok := assets()[name]
	if !ok {
		panic(fmt.Sprintf("there is no asset %q", name))
	}
	return a.address
}

// AssetHandler serves the files by their hashed names; mount it with http.StripPrefix.
func AssetHandler() http.Handler {
	byAddress := map[string]asset{}
	for _, a := range assets() {
		byAddress[a.address] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byAddress[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(a.body)
	})
}
