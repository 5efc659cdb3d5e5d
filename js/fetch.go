package js

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// response is a Response; its body has arrived whole.
type response struct {
	binding.Object
	status     int
	statusText string
	url        string
	headers    *headers
	body       []byte
	used       bool
}

// InterfaceName implements binding.Platform.
func (*response) InterfaceName() string { return "Response" }

// headers is a Headers.
type headers struct {
	binding.Object
	h http.Header
}

// InterfaceName implements binding.Platform.
func (*headers) InterfaceName() string { return "Headers" }

// load reads an address: a blob or data URL, a file of the page's origin, or,
// for other origins, over HTTP.
func (rt *Runtime) load(u *url.URL) (status int, header http.Header, body []byte, err error) {
	if b := rt.blobURLs[u.String()]; b != nil {
		return 200, http.Header{"Content-Type": {b.typ}}, b.data, nil
	}
	switch {
	case u.Scheme == "data":
		typ, data, ok := strings.Cut(u.Opaque, ",")
		if !ok {
			return 0, nil, nil, fmt.Errorf("not a data URL")
		}
		text, err := url.PathUnescape(data)
		body := []byte(text)
		if t, isBase64 := strings.CutSuffix(typ, ";base64"); isBase64 && err == nil {
			typ = t
			body, err = decodeBase64(text)
		}
		return 200, http.Header{"Content-Type": {typ}}, body, err
	case rt.opts.Files != nil && originOf(u) == originOf(rt.base) && u.Scheme == rt.base.Scheme:
		return readPage(rt.opts.Files, u)
	}
	return 0, nil, nil, fmt.Errorf("%s is not served by this page's files", u)
}

func readPage(files fs.FS, u *url.URL) (int, http.Header, []byte, error) {
	name := strings.TrimPrefix(path.Clean("/"+u.Path), "/")
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return 404, http.Header{}, nil, nil
	}
	typ := mime.TypeByExtension(path.Ext(name))
	if typ == "" {
		typ = "text/plain"
	}
	return 200, http.Header{"Content-Type": {typ}}, data, nil
}

// fetch reads local addresses; http and https addresses of other origins are
// requested as they are, since the runtime has no other origin's data to guard.
func fetch(c *binding.Call) (any, error) {
	rt := host(c)
	ref, ok := c.Arg(0).(string)
	if !ok {
		return nil, domerr.New(domerr.Type, "fetch: the first argument must be an address")
	}
	u, err := rt.resolve(ref)
	if err != nil {
		return nil, err
	}
	p, release := c.NewPromise(), rt.hold()
	finish := func(status int, h http.Header, body []byte, err error) {
		rt.Post(func() {
			defer release()
			if err != nil {
				p.Reject(domerr.Wrap(err, domerr.Type, "Failed to fetch"))
				return
			}
			p.Resolve(&response{status: status, statusText: http.StatusText(status), url: u.String(), headers: &headers{h: h}, body: body})
		})
	}
	local := u.Scheme != "http" && u.Scheme != "https" || rt.opts.Files != nil && originOf(u) == originOf(rt.base)
	if local {
		finish(rt.load(u))
		return p, nil
	}
	req, err := newRequest(u, c.Dict(1))
	if err != nil {
		release()
		return nil, domerr.Wrap(err, domerr.Type, "fetch: bad request")
	}
	go func() {
		client := http.Client{Timeout: 30 * time.Second}
		res, err := client.Do(req)
		if err != nil {
			finish(0, nil, nil, err)
			return
		}
		defer res.Body.Close()
		body, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
		finish(res.StatusCode, res.Header, body, err)
	}()
	return p, nil
}

func newRequest(u *url.URL, init *binding.Dict) (*http.Request, error) {
	method := init.String("method")
	if method == "" {
		method = "GET"
	}
	var body io.Reader
	switch b := init.Get("body").(type) {
	case string:
		body = strings.NewReader(b)
	case *binding.Buffer:
		body = bytes.NewReader(b.Copy())
	case *blob:
		body = bytes.NewReader(b.data)
	}
	req, err := http.NewRequest(strings.ToUpper(method), u.String(), body)
	if err != nil {
		return nil, err
	}
	h, err := newHeaders(init.Get("headers"))
	if err == nil {
		req.Header = h.h
	}
	return req, err
}

func newHeaders(init any) (*headers, error) {
	h := &headers{h: http.Header{}}
	switch init := init.(type) {
	case []any:
		for _, p := range init {
			pair, _ := p.([]any)
			if len(pair) != 2 {
				return nil, domerr.New(domerr.Type, "Headers: every entry must be a pair")
			}
			h.h.Add(pair[0].(string), pair[1].(string))
		}
	case *binding.Record:
		for _, k := range init.Keys {
			h.h.Add(k, init.Values[k].(string))
		}
	}
	return h, nil
}

func (r *response) consume(c *binding.Call) ([]byte, error) {
	if r.used {
		return nil, domerr.New(domerr.Type, "the body was read already")
	}
	r.used = true
	return r.body, nil
}

func bodyMethod(convert func(*binding.Call, *response, []byte) (any, error)) binding.Method {
	return func(c *binding.Call) (any, error) {
		r := c.This.(*response)
		data, err := r.consume(c)
		if err != nil {
			return nil, err
		}
		return convert(c, r, data)
	}
}

func init() {
	registry.Implement("Headers", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return newHeaders(c.Arg(0)) },
		"append":      setter(func(h *headers, c *binding.Call) { h.h.Add(c.String(0), c.String(1)) }),
		"set":         setter(func(h *headers, c *binding.Call) { h.h.Set(c.String(0), c.String(1)) }),
		"delete":      setter(func(h *headers, c *binding.Call) { h.h.Del(c.String(0)) }),
		"has":         func(c *binding.Call) (any, error) { return len(c.This.(*headers).h.Values(c.String(0))) > 0, nil },
		"get": func(c *binding.Call) (any, error) {
			if v := c.This.(*headers).h.Values(c.String(0)); len(v) > 0 {
				return strings.Join(v, ", "), nil
			}
			return nil, nil
		},
	})
	registry.Implement("Response", binding.Members{
		"status":     getter(func(r *response) any { return r.status }),
		"ok":         getter(func(r *response) any { return r.status >= 200 && r.status < 300 }),
		"statusText": getter(func(r *response) any { return r.statusText }),
		"url":        getter(func(r *response) any { return r.url }),
		"headers":    getter(func(r *response) any { return r.headers }),
		"bodyUsed":   getter(func(r *response) any { return r.used }),
		"text": bodyMethod(func(_ *binding.Call, _ *response, b []byte) (any, error) {
			return strings.TrimPrefix(strings.ToValidUTF8(string(b), "\ufffd"), "\ufeff"), nil
		}),
		"arrayBuffer": bodyMethod(func(_ *binding.Call, _ *response, b []byte) (any, error) { return append([]byte{}, b...), nil }),
		"blob": bodyMethod(func(_ *binding.Call, r *response, b []byte) (any, error) {
			return &blob{data: b, typ: r.headers.h.Get("Content-Type")}, nil
		}),
		"json": bodyMethod(func(c *binding.Call, _ *response, b []byte) (any, error) {
			if !json.Valid(b) {
				return nil, &binding.Exception{Value: host(c).newError("SyntaxError", "the response is not JSON")}
			}
			return host(c).parseJSON(string(b))
		}),
	})
}
