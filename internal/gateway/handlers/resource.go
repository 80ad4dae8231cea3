package handlers

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type resourceConfig struct {
	// Directories are searched in this order; the first that has the file answers.
	Directories []string `conf:"directories,required,min=1"`
	// BasePath is the beginning of paths that no folder has.
	BasePath string `conf:"basePath"`
	// WelcomePages are files for the base path itself; the first that is there answers.
	WelcomePages []string `conf:"welcomePages"`
}

// resource serves files.
var resource = heap.Define("ResourceHandler", func(c *resourceConfig, env *heap.Env) (chain.Handler, error) {
	for i, d := range c.Directories {
		if info, err := os.Stat(d); err != nil || !info.IsDir() {
			env.Warn(fmt.Sprintf("directories.%d", i), "there is no folder %q", d)
		}
	}
	base := strings.Trim(c.BasePath, "/")
	if base != "" {
		base = "/" + base
	}
	return &fileServer{c.Directories, base, c.WelcomePages}, nil
})

type fileServer struct {
	directories []string
	base        string // without a slash at the end
	welcome     []string
}

func (s *fileServer) Handle(x *chain.Exchange) (*chain.Response, error) {
	if x.Request.Method != "GET" {
		resp := chain.NewResponse(405)
		resp.Header["Allow"] = []string{"GET"}
		return resp, nil
	}
	rest, ok := strings.CutPrefix(x.Request.URI.Path(), s.base)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return chain.NewResponse(404), nil
	case rest == "":
		resp := chain.NewResponse(302)
		// The host may be that of an upstream by now, so the redirect names none.
		u := chain.URI{RawPath: x.Request.URI.RawPath + "/", RawQuery: x.Request.URI.RawQuery, HasQuery: x.Request.URI.HasQuery}
		resp.Header["Location"] = []string{u.String()}
		return resp, nil
	case rest == "/":
		for _, page := range s.welcome {
			if resp := s.find(x.Request, page); resp != nil {
				return resp, nil
			}
		}
	default:
		if resp := s.find(x.Request, rest); resp != nil {
			return resp, nil
		}
	}
	return chain.NewResponse(404), nil
}

// find returns the first file of that name, nil when no folder has one.
func (s *fileServer) find(r *chain.Request, name string) *chain.Response {
	name = strings.TrimPrefix(name, "/")
	for _, dir := range s.directories {
		if resp := serveFile(r, dir, name); resp != nil {
			return resp
		}
	}
	return nil
}

// serveFile opens a file that lies in a folder: os.Root refuses names and links that
// lead out of it.
func serveFile(r *chain.Request, dir, name string) *chain.Response {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer func() { _ = root.Close() }()
	// Stat first: opening a pipe would wait for a writer.
	info, err := root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := root.Open(name)
	if err != nil {
		return nil
	}
	modified := info.ModTime().UTC().Truncate(time.Second)
	if since, err := http.ParseTime(r.Header.Get("If-Modified-Since")); err == nil && !modified.After(since) {
		_ = f.Close()
		return chain.NewResponse(304)
	}
	resp := chain.NewResponse(200)
	resp.Header["Last-Modified"] = []string{modified.Format(http.TimeFormat)}
	resp.Header["X-Content-Type-Options"] = []string{"nosniff"}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	resp.Header["Content-Type"] = []string{kind}
	resp.Header["Content-Length"] = []string{strconv.FormatInt(info.Size(), 10)}
	// A file that grows meanwhile must not run over its announced length.
	resp.Entity.SetStream(struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, info.Size()), f}, info.Size())
	return resp
}
