package js

import (
	"net/url"
	"sort"
	"strings"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// urlObject is a URL.
type urlObject struct {
	binding.Object
	u     *url.URL
	query *searchParams
}

// InterfaceName implements binding.Platform.
func (*urlObject) InterfaceName() string { return "URL" }

// searchParams is a URLSearchParams: pairs in order, keys may repeat.
type searchParams struct {
	binding.Object
	keys, values []string
	of           *urlObject
}

// InterfaceName implements binding.Platform.
func (*searchParams) InterfaceName() string { return "URLSearchParams" }

// Entries implements binding.Maplike.
func (s *searchParams) Entries() (keys, values []any) {
	for i := range s.keys {
		keys, values = append(keys, s.keys[i]), append(values, s.values[i])
	}
	return keys, values
}

func parseURL(ref, base string) (*url.URL, error) {
	u, err := url.Parse(ref)
	if err == nil && base != "" {
		var b *url.URL
		if b, err = url.Parse(base); err == nil && b.Scheme != "" {
			u = b.ResolveReference(u)
		}
	}
	if err != nil || u.Scheme == "" {
		return nil, domerr.New(domerr.Type, "Invalid URL: %s", ref)
	}
	return u, nil
}

func (s *searchParams) parse(q string) {
	s.keys, s.values = nil, nil
	for _, pair := range strings.Split(q, "&") {
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		s.keys, s.values = append(s.keys, unescape(k)), append(s.values, unescape(v))
	}
}

func unescape(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return s
}

func (s *searchParams) String() string {
	parts := make([]string, len(s.keys))
	for i := range s.keys {
		parts[i] = url.QueryEscape(s.keys[i]) + "=" + url.QueryEscape(s.values[i])
	}
	return strings.Join(parts, "&")
}

func (s *searchParams) changed() {
	if s.of != nil {
		s.of.u.RawQuery = s.String()
	}
}

func (s *searchParams) delete(key string) {
	k, v := s.keys[:0:0], s.values[:0:0]
	for i := range s.keys {
		if s.keys[i] != key {
			k, v = append(k, s.keys[i]), append(v, s.values[i])
		}
	}
	s.keys, s.values = k, v
}

func (s *searchParams) index(key string) int {
	for i, k := range s.keys {
		if k == key {
			return i
		}
	}
	return -1
}

func init() {
	m := binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			u, err := parseURL(c.String(0), c.String(1))
			if err != nil {
				return nil, err
			}
			o := &urlObject{u: u}
			o.query = &searchParams{of: o}
			o.query.parse(u.RawQuery)
			return o, nil
		},
		"searchParams": getter(func(o *urlObject) any { return o.query }),
		"toJSON":       getter(func(o *urlObject) any { return hrefOf(o.u) }),
		"static canParse": func(c *binding.Call) (any, error) {
			_, err := parseURL(c.String(0), c.String(1))
			return err == nil, nil
		},
		"static createObjectURL": func(c *binding.Call) (any, error) {
			b, ok := c.Arg(0).(*blob)
			if !ok {
				return nil, domerr.New(domerr.Type, "URL.createObjectURL: only a Blob has a URL")
			}
			rt := host(c)
			id := "blob:" + originOf(rt.base) + "/" + newUUID()
			rt.blobURLs[id] = b
			return id, nil
		},
		"static revokeObjectURL": func(c *binding.Call) (any, error) {
			delete(host(c).blobURLs, c.String(0))
			return nil, nil
		},
		"set search": setter(func(o *urlObject, c *binding.Call) {
			o.u.RawQuery = strings.TrimPrefix(c.String(0), "?")
			o.query.parse(o.u.RawQuery)
		}),
		"set hash":     setter(func(o *urlObject, c *binding.Call) { o.u.Fragment = strings.TrimPrefix(c.String(0), "#") }),
		"set pathname": setter(func(o *urlObject, c *binding.Call) { o.u.Path = c.String(0) }),
		"set protocol": setter(func(o *urlObject, c *binding.Call) { o.u.Scheme = strings.TrimSuffix(c.String(0), ":") }),
		"set host":     setter(func(o *urlObject, c *binding.Call) { o.u.Host = c.String(0) }),
		"set hostname": setter(func(o *urlObject, c *binding.Call) { o.u.Host = joinPort(c.String(0), o.u.Port()) }),
		"set port":     setter(func(o *urlObject, c *binding.Call) { o.u.Host = joinPort(o.u.Hostname(), c.String(0)) }),
		"set username": setter(func(o *urlObject, c *binding.Call) { o.u.User = url.User(c.String(0)) }),
		"set password": setter(func(o *urlObject, c *binding.Call) { o.u.User = url.UserPassword(o.u.User.Username(), c.String(0)) }),
		"set href": func(c *binding.Call) (any, error) {
			u, err := parseURL(c.String(0), "")
			if err == nil {
				o := c.This.(*urlObject)
				o.u = u
				o.query.parse(u.RawQuery)
			}
			return nil, err
		},
	}
	for _, name := range []string{"href", "origin", "protocol", "host", "hostname", "port", "pathname", "search", "hash", "username", "password"} {
		m[name] = getter(func(o *urlObject) any { return urlParts(o.u)[name] })
	}
	registry.Implement("URL", m)
	registry.Implement("URLSearchParams", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return newSearchParams(c.Arg(0)) },
		"size":        getter(func(s *searchParams) any { return len(s.keys) }),
		"toString":    getter(func(s *searchParams) any { return s.String() }),
		"append": setter(func(s *searchParams, c *binding.Call) {
			s.keys, s.values = append(s.keys, c.String(0)), append(s.values, c.String(1))
			s.changed()
		}),
		"delete": setter(func(s *searchParams, c *binding.Call) { s.delete(c.String(0)); s.changed() }),
		"has":    func(c *binding.Call) (any, error) { return c.This.(*searchParams).index(c.String(0)) >= 0, nil },
		"get": func(c *binding.Call) (any, error) {
			s := c.This.(*searchParams)
			if i := s.index(c.String(0)); i >= 0 {
				return s.values[i], nil
			}
			return nil, nil
		},
		"getAll": func(c *binding.Call) (any, error) {
			out := []any{}
			for i, k := range c.This.(*searchParams).keys {
				if k == c.String(0) {
					out = append(out, c.This.(*searchParams).values[i])
				}
			}
			return out, nil
		},
		"set": setter(func(s *searchParams, c *binding.Call) {
			i := s.index(c.String(0))
			if i < 0 {
				s.keys, s.values = append(s.keys, c.String(0)), append(s.values, c.String(1))
			} else {
				rest := &searchParams{keys: append([]string{}, s.keys[i+1:]...), values: append([]string{}, s.values[i+1:]...)}
				rest.delete(c.String(0))
				s.keys, s.values = append(s.keys[:i+1], rest.keys...), append(append(s.values[:i], c.String(1)), rest.values...)
			}
			s.changed()
		}),
		"sort": setter(func(s *searchParams, _ *binding.Call) { sort.Stable(byKey{s}); s.changed() }),
	})
}

func joinPort(host, port string) string {
	if port == "" {
		return host
	}
	return host + ":" + port
}

type byKey struct{ *searchParams }

func (b byKey) Len() int           { return len(b.keys) }
func (b byKey) Less(i, j int) bool { return b.keys[i] < b.keys[j] }
func (b byKey) Swap(i, j int) {
	b.keys[i], b.keys[j] = b.keys[j], b.keys[i]
	b.values[i], b.values[j] = b.values[j], b.values[i]
}

func newSearchParams(init any) (*searchParams, error) {
	s := &searchParams{}
	switch init := init.(type) {
	case string:
		s.parse(strings.TrimPrefix(init, "?"))
	case []any:
		for _, p := range init {
			pair, _ := p.([]any)
			if len(pair) != 2 {
				return nil, domerr.New(domerr.Type, "URLSearchParams: every entry must be a pair")
			}
			s.keys, s.values = append(s.keys, pair[0].(string)), append(s.values, pair[1].(string))
		}
	case *binding.Record:
		for _, k := range init.Keys {
			s.keys, s.values = append(s.keys, k), append(s.values, init.Values[k].(string))
		}
	}
	return s, nil
}
