package js

import (
	"net/url"
	"strings"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// location is Location. The runtime does not navigate: the setters and methods
// that would are absent.
type location struct {
	binding.Object
	rt *Runtime
}

// InterfaceName implements binding.Platform.
func (*location) InterfaceName() string { return "Location" }

func originOf(u *url.URL) string {
	if u.Host == "" {
		return "null"
	}
	return u.Scheme + "://" + u.Host
}

// secureContext reports whether a page at u is potentially trustworthy (Secure
// Contexts §3.1).
func secureContext(u *url.URL) bool {
	switch host := u.Hostname(); {
	case u.Scheme == "https", u.Scheme == "file":
		return true
	case host == "localhost", strings.HasSuffix(host, ".localhost"), host == "::1", strings.HasPrefix(host, "127."):
		return true
	}
	return false
}

// urlParts are the attributes that URL and Location share (URL §6.1).
func urlParts(u *url.URL) map[string]string {
	path, search, hash := u.EscapedPath(), "", ""
	if path == "" && u.Host != "" {
		path = "/"
	}
	if u.Opaque != "" {
		path = u.Opaque
	}
	if u.RawQuery != "" {
		search = "?" + u.RawQuery
	}
	if f := u.EscapedFragment(); f != "" {
		hash = "#" + f
	}
	pass, _ := u.User.Password()
	return map[string]string{
		"href": hrefOf(u), "origin": originOf(u), "protocol": u.Scheme + ":", "host": u.Host, "hostname": u.Hostname(), "port": u.Port(),
		"pathname": path, "search": search, "hash": hash, "username": u.User.Username(), "password": pass,
	}
}

func hrefOf(u *url.URL) string {
	if u.Path == "" && u.Host != "" {
		c := *u
		c.Path = "/"
		return c.String()
	}
	return u.String()
}

// resolve parses an address relative to the page.
func (rt *Runtime) resolve(ref string) (*url.URL, error) {
	u, err := rt.base.Parse(ref)
	if err != nil {
		return nil, domerr.New(domerr.Type, "Invalid URL: %s", ref)
	}
	return u, nil
}

func init() {
	m := binding.Members{}
	for _, name := range []string{"href", "origin", "protocol", "host", "hostname", "port", "pathname", "search", "hash"} {
		m[name] = getter(func(l *location) any { return urlParts(l.rt.base)[name] })
	}
	registry.Implement("Location", m)
}
