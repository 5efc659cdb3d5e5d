package js

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// orNil shows a nil *node as null.
func orNil(n *node) any {
	if n == nil {
		return nil
	}
	return n
}

func nodes(list []*node, want func(*node) bool) []any {
	out := []any{}
	for _, n := range list {
		if want(n) {
			out = append(out, n)
		}
	}
	return out
}

func anyNode(*node) bool     { return true }
func isElement(n *node) bool { return n.kind == elementNode }

// listOf shows nodes as an array: collections of the runtime are not live.
func listOf(c *binding.Call, list []any) (any, error) { return c.ToJS(nil, list), nil }

func sibling(n *node, step int) any {
	if n.up == nil {
		return nil
	}
	if i := n.index() + step; i >= 0 && i < len(n.up.children) {
		return n.up.children[i]
	}
	return nil
}

func child(n *node, at func([]*node) *node) any {
	if len(n.children) == 0 {
		return nil
	}
	return at(n.children)
}

func init() {
	registry.Implement("Node", binding.Members{
		"nodeType": getter(func(n *node) any { return n.kind }),
		"nodeName": getter(func(n *node) any {
			switch n.kind {
			case textNode:
				return "#text"
			case commentNode:
				return "#comment"
			case documentNode:
				return "#document"
			}
			return strings.ToUpper(n.tag)
		}),
		"ownerDocument": getter(func(n *node) any {
			if n.kind == documentNode {
				return nil
			}
			return n.rt.window.document
		}),
		"parentNode": getter(func(n *node) any { return orNil(n.up) }),
		"parentElement": getter(func(n *node) any {
			if n.up != nil && n.up.kind == elementNode {
				return n.up
			}
			return nil
		}),
		"childNodes":      func(c *binding.Call) (any, error) { return listOf(c, nodes(c.This.(*node).children, anyNode)) },
		"firstChild":      getter(func(n *node) any { return child(n, func(l []*node) *node { return l[0] }) }),
		"lastChild":       getter(func(n *node) any { return child(n, func(l []*node) *node { return l[len(l)-1] }) }),
		"nextSibling":     getter(func(n *node) any { return sibling(n, 1) }),
		"previousSibling": getter(func(n *node) any { return sibling(n, -1) }),
		"isConnected":     getter(func(n *node) any { return n.connected() }),
		"textContent":     getter(func(n *node) any { return n.textContent() }),
		"set textContent": setter(func(n *node, c *binding.Call) { n.setText(c.String(0)) }),
		"hasChildNodes":   func(c *binding.Call) (any, error) { return len(c.This.(*node).children) > 0, nil },
		"contains": func(c *binding.Call) (any, error) {
			for n := nodeArg(c, 0); n != nil; n = n.up {
				if n == c.This.(*node) {
					return true, nil
				}
			}
			return false, nil
		},
		"appendChild": func(c *binding.Call) (any, error) { return c.Arg(0), c.This.(*node).insert(nodeArg(c, 0), nil) },
		"insertBefore": func(c *binding.Call) (any, error) {
			return c.Arg(0), c.This.(*node).insert(nodeArg(c, 0), nodeArg(c, 1))
		},
		"replaceChild": func(c *binding.Call) (any, error) {
			err := c.This.(*node).insert(nodeArg(c, 0), nodeArg(c, 1))
			if err == nil {
				nodeArg(c, 1).detach()
			}
			return c.Arg(1), err
		},
		"removeChild": func(c *binding.Call) (any, error) {
			n := nodeArg(c, 0)
			if n.up != c.This.(*node) {
				return nil, domerr.New(domerr.NotFound, "the node is not a child of this node")
			}
			n.detach()
			return n, nil
		},
	})
	registry.Implement("CharacterData", binding.Members{
		"data": getter(func(n *node) any { return n.text }), "set data": setter(func(n *node, c *binding.Call) { n.text = c.String(0) }),
		"length": getter(func(n *node) any { return len(n.text) }),
	})
	registry.Implement("Text", binding.Members{"constructor": func(c *binding.Call) (any, error) {
		n := newNode(host(c), "Text", textNode)
		n.text = c.String(0)
		return n, nil
	}})
}

// reflect returns the getter and setter of a string attribute.
func reflected(attr string) (get, set binding.Method) {
	return getter(func(n *node) any { return n.value(attr) }), setter(func(n *node, c *binding.Call) { n.setAttr(attr, c.String(0)) })
}

func reflectedBool(attr string) (get, set binding.Method) {
	return getter(func(n *node) any { _, ok := n.attr(attr); return ok }), setter(func(n *node, c *binding.Call) {
		if n.removeAttr(attr); c.Bool(0) {
			n.setAttr(attr, "")
		}
	})
}

func reflectedInt(attr string) (get, set binding.Method) {
	return getter(func(n *node) any {
		v, _ := strconv.ParseUint(n.value(attr), 10, 31)
		return v
	}), setter(func(n *node, c *binding.Call) { n.setAttr(attr, strconv.FormatInt(c.Int(0), 10)) })
}

func init() {
	search := func(c *binding.Call, f func(*node, func(*node) bool) (any, error)) (any, error) {
		m, err := selector(c.String(0))
		if err != nil {
			return nil, err
		}
		return f(c.This.(*node), m)
	}
	query := func(c *binding.Call) (any, error) {
		return search(c, func(n *node, m func(*node) bool) (any, error) {
			return orNil(n.walk(func(x *node) bool { return x.kind == elementNode && m(x) })), nil
		})
	}
	queryAll := func(c *binding.Call) (any, error) {
		return search(c, func(n *node, m func(*node) bool) (any, error) { return listOf(c, n.all(m)) })
	}
	byTag := func(c *binding.Call) (any, error) {
		tag := strings.ToLower(c.String(0))
		return listOf(c, c.This.(*node).all(func(n *node) bool { return tag == "*" || n.tag == tag }))
	}
	id, setID := reflected("id")
	class, setClass := reflected("class")
	registry.Implement("Element", binding.Members{
		"tagName": getter(func(n *node) any { return strings.ToUpper(n.tag) }), "localName": getter(func(n *node) any { return n.tag }),
		"id": id, "set id": setID, "className": class, "set className": setClass,
		"getAttribute": func(c *binding.Call) (any, error) {
			if v, ok := c.This.(*node).attr(strings.ToLower(c.String(0))); ok {
				return v, nil
			}
			return nil, nil
		},
		"hasAttribute": func(c *binding.Call) (any, error) {
			_, ok := c.This.(*node).attr(strings.ToLower(c.String(0)))
			return ok, nil
		},
		"setAttribute":         setter(func(n *node, c *binding.Call) { n.setAttr(c.String(0), c.String(1)) }),
		"removeAttribute":      setter(func(n *node, c *binding.Call) { n.removeAttr(c.String(0)) }),
		"getElementsByTagName": byTag, "querySelector": query, "querySelectorAll": queryAll,
		"children": func(c *binding.Call) (any, error) { return listOf(c, nodes(c.This.(*node).children, isElement)) },
		"firstElementChild": getter(func(n *node) any {
			if l := nodes(n.children, isElement); len(l) > 0 {
				return l[0]
			}
			return nil
		}),
		"remove": setter(func(n *node, _ *binding.Call) { n.detach() }),
		"append": func(c *binding.Call) (any, error) {
			for _, a := range c.Args {
				n, ok := a.(*node)
				if !ok {
					n = newNode(host(c), "Text", textNode)
					n.text, _ = a.(string)
				}
				if err := c.This.(*node).insert(n, nil); err != nil {
					return nil, err
				}
			}
			return nil, nil
		},
	})
	title, setTitle := reflected("title")
	lang, setLang := reflected("lang")
	registry.Implement("HTMLElement", binding.Members{
		"title": title, "set title": setTitle, "lang": lang, "set lang": setLang,
		"innerText": getter(func(n *node) any { return n.textContent() }), "set innerText": setter(func(n *node, c *binding.Call) { n.setText(c.String(0)) }),
		"click": func(c *binding.Call) (any, error) {
			c.This.(*node).dispatch(host(c), newEvent("Event", "click", eventInit{bubbles: true, cancelable: true}))
			return nil, nil
		},
	})
	find := func(tag string) binding.Method {
		return getter(func(d *node) any { return orNil(d.walk(func(n *node) bool { return n.tag == tag })) })
	}
	create := func(i int) binding.Method {
		return func(c *binding.Call) (any, error) { return newElement(host(c), c.String(i)), nil }
	}
	address := getter(func(d *node) any { return hrefOf(d.rt.base) })
	registry.Implement("Document", binding.Members{
		"documentElement": find("html"), "body": find("body"), "head": find("head"),
		"createElement": create(0), "createElementNS": create(1),
		"createTextNode": func(c *binding.Call) (any, error) {
			n := newNode(host(c), "Text", textNode)
			n.text = c.String(0)
			return n, nil
		},
		"getElementById": func(c *binding.Call) (any, error) {
			return orNil(c.This.(*node).walk(func(n *node) bool { return n.kind == elementNode && n.value("id") == c.String(0) })), nil
		},
		"getElementsByTagName": byTag, "querySelector": query, "querySelectorAll": queryAll,
		"URL": address, "documentURI": address,
		"characterSet": getter(func(*node) any { return "UTF-8" }), "contentType": getter(func(*node) any { return "text/html" }),
		"readyState":    getter(func(d *node) any { return d.script.ready }),
		"currentScript": getter(func(d *node) any { return orNil(d.script.current) }),
		"defaultView":   getter(func(d *node) any { return d.rt.window }),
		"hidden":        getter(func(*node) any { return false }), "visibilityState": getter(func(*node) any { return "visible" }),
		"cookie": getter(func(*node) any { return "" }), "set cookie": setter(func(*node, *binding.Call) {}),
		"title": getter(func(d *node) any {
			if t := d.walk(func(n *node) bool { return n.tag == "title" }); t != nil {
				return strings.Join(strings.Fields(t.textContent()), " ")
			}
			return ""
		}),
		"set title": setter(func(d *node, c *binding.Call) {
			if t := d.walk(func(n *node) bool { return n.tag == "title" }); t != nil {
				t.setText(c.String(0))
			}
		}),
	})
	name, setName := reflected("name")
	content, setContent := reflected("content")
	registry.Implement("HTMLMetaElement", binding.Members{"name": name, "set name": setName, "content": content, "set content": setContent})
	src, setSrc := reflected("src")
	typ, setTyp := reflected("type")
	registry.Implement("HTMLScriptElement", binding.Members{
		"src": src, "set src": setSrc, "type": typ, "set type": setTyp,
		"text": getter(func(n *node) any { return n.textContent() }), "set text": setter(func(n *node, c *binding.Call) { n.setText(c.String(0)) }),
	})
}

// compileHandler makes the event handler of a content attribute such as
// onclick="…".
func (n *node) compileHandler(attr string) {
	p, err := Compile(attr, "(function(event) {\n"+n.value(attr)+"\n})")
	if err != nil {
		return
	}
	if v, err := n.rt.vm.RunProgram(p); err == nil {
		if f, ok := v.(*goja.Object); ok {
			target := &n.eventTarget
			if n.tag == "body" && (attr == "onload" || attr == "onmessage" || attr == "onerror") {
				target = &n.rt.window.eventTarget // body's handlers are the window's (HTML §8.1.8.2.1)
			}
			target.SetEventHandler(attr, f)
		}
	}
}
