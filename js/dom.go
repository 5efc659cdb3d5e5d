package js

import (
	"strings"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// node is a Node: a document, an element or a piece of text. There is no
// layout and no style; the tree exists for scripts that build and search it.
type node struct {
	eventTarget
	rt       *Runtime
	iface    string
	kind     int
	tag      string // local name, in lower case
	text     string
	attrs    []attribute
	children []*node
	up       *node

	media  *mediaElement
	canvas *canvas
	script *scriptState
	frame  *frame
}

type attribute struct{ name, value string }

const (
	elementNode  = 1
	textNode     = 3
	commentNode  = 8
	documentNode = 9
)

// InterfaceName implements binding.Platform.
func (n *node) InterfaceName() string { return n.iface }

func newNode(rt *Runtime, iface string, kind int) *node {
	n := &node{rt: rt, iface: iface, kind: kind}
	n.init(n)
	n.parent = func() *eventTarget {
		if n.up != nil {
			return &n.up.eventTarget
		}
		return nil
	}
	return n
}

func newDocument(rt *Runtime) *node {
	d := newNode(rt, "Document", documentNode)
	d.script = &scriptState{ready: "loading"}
	return d
}

// newElement is "create an element" for the elements that the runtime knows;
// others are HTMLElement or HTMLUnknownElement.
func newElement(rt *Runtime, tag string) *node {
	tag = strings.ToLower(tag)
	n := newNode(rt, "HTMLElement", elementNode)
	n.tag = tag
	switch tag {
	case "video":
		n.iface, n.media = "HTMLVideoElement", newMediaElement(n)
	case "audio":
		n.iface, n.media = "HTMLAudioElement", newMediaElement(n)
	case "canvas":
		n.iface, n.canvas = "HTMLCanvasElement", newCanvas(n)
	case "iframe":
		n.iface = "HTMLIFrameElement"
	case "meta":
		n.iface = "HTMLMetaElement"
	case "script":
		n.iface, n.script = "HTMLScriptElement", &scriptState{}
	}
	return n
}

func (n *node) attr(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value, true
		}
	}
	return "", false
}

func (n *node) value(name string) string { v, _ := n.attr(name); return v }

func (n *node) setAttr(name, value string) {
	name = strings.ToLower(name)
	for i := range n.attrs {
		if n.attrs[i].name == name {
			n.attrs[i].value = value
			n.attributeChanged(name)
			return
		}
	}
	n.attrs = append(n.attrs, attribute{name, value})
	n.attributeChanged(name)
}

func (n *node) attributeChanged(name string) {
	switch {
	case n.canvas != nil && (name == "width" || name == "height"):
		n.canvas.reset()
	case n.media != nil && name == "src":
		n.media.load()
	case strings.HasPrefix(name, "on"):
		n.compileHandler(name)
	}
}

func (n *node) removeAttr(name string) {
	for i, a := range n.attrs {
		if a.name == strings.ToLower(name) {
			n.attrs = append(n.attrs[:i], n.attrs[i+1:]...)
			return
		}
	}
}

func (n *node) walk(f func(*node) bool) *node {
	for _, c := range n.children {
		if f(c) {
			return c
		}
		if found := c.walk(f); found != nil {
			return found
		}
	}
	return nil
}

func (n *node) all(match func(*node) bool) []any {
	out := []any{}
	n.walk(func(c *node) bool {
		if c.kind == elementNode && match(c) {
			out = append(out, c)
		}
		return false
	})
	return out
}

func (n *node) root() *node {
	for n.up != nil {
		n = n.up
	}
	return n
}

func (n *node) connected() bool { return n.root().kind == documentNode }

func (n *node) index() int {
	for i, c := range n.up.children {
		if c == n {
			return i
		}
	}
	return -1
}

// insert is "insert": child goes before ref, or last when ref is nil.
func (n *node) insert(child, ref *node) error {
	for a := n; a != nil; a = a.up {
		if a == child {
			return domerr.New("HierarchyRequestError", "a node cannot contain itself")
		}
	}
	if n.kind == textNode {
		return domerr.New("HierarchyRequestError", "text has no children")
	}
	if ref != nil && ref.up != n {
		return domerr.New(domerr.NotFound, "the reference is not a child of this node")
	}
	child.detach()
	at := len(n.children)
	if ref != nil {
		at = ref.index()
	}
	n.children = append(n.children[:at], append([]*node{child}, n.children[at:]...)...)
	child.up = n
	if n.connected() {
		child.insertedInto()
	}
	return nil
}

func (n *node) insertedInto() {
	switch n.tag {
	case "script":
		n.runInserted()
	case "iframe":
		n.openFrame()
	}
	for _, c := range n.children {
		c.insertedInto()
	}
}

func (n *node) detach() {
	if n.up == nil {
		return
	}
	n.closeFrames()
	i := n.index()
	n.up.children = append(n.up.children[:i], n.up.children[i+1:]...)
	n.up = nil
}

func (n *node) textContent() string {
	if n.kind == textNode || n.kind == commentNode {
		return n.text
	}
	var b strings.Builder
	for _, c := range n.children {
		if c.kind != commentNode {
			b.WriteString(c.textContent())
		}
	}
	return b.String()
}

func (n *node) setText(s string) {
	if n.kind == textNode || n.kind == commentNode {
		n.text = s
		return
	}
	for _, c := range n.children {
		c.up = nil
	}
	n.children = nil
	if s != "" {
		t := newNode(n.rt, "Text", textNode)
		t.text, t.up = s, n
		n.children = []*node{t}
	}
}

// selector matches the simple selectors that call code uses: a tag, #id,
// .class, [attr] and their compounds, with commas between alternatives.
func selector(s string) (func(*node) bool, error) {
	var alternatives []func(*node) bool
	for _, part := range strings.Split(s, ",") {
		m, err := compound(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, m)
	}
	return func(n *node) bool {
		for _, m := range alternatives {
			if m(n) {
				return true
			}
		}
		return false
	}, nil
}

func compound(s string) (func(*node) bool, error) {
	if s == "" || strings.ContainsAny(s, " >+~:") {
		return nil, domerr.New(domerr.Syntax, "the selector %q is not supported: only tag, #id, .class and [attribute] are", s)
	}
	tag, id, attr := "", "", ""
	var classes []string
	for rest := s; rest != ""; {
		end := strings.IndexAny(rest[1:], "#.[") + 1
		if end == 0 {
			end = len(rest)
		}
		tok := rest[:end]
		rest = rest[end:]
		switch tok[0] {
		case '#':
			id = tok[1:]
		case '.':
			classes = append(classes, tok[1:])
		case '[':
			attr = strings.TrimSuffix(tok[1:], "]")
		default:
			tag = strings.ToLower(tok)
		}
	}
	return func(n *node) bool {
		if tag != "" && tag != "*" && n.tag != tag || id != "" && n.value("id") != id {
			return false
		}
		if attr != "" {
			name, want, valued := strings.Cut(attr, "=")
			got, ok := n.attr(name)
			if !ok || valued && got != strings.Trim(want, `"'`) {
				return false
			}
		}
		have := strings.Fields(n.value("class"))
		for _, c := range classes {
			if !contains(have, c) {
				return false
			}
		}
		return true
	}, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func nodeArg(c *binding.Call, i int) *node { n, _ := c.Arg(i).(*node); return n }
