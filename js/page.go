package js

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// scriptState is what a script element remembers, and what a document does
// about its scripts and loading.
type scriptState struct {
	started bool
	current *node
	ready   string
}

// readText loads a page's address as text.
func (rt *Runtime) readText(address string) (string, error) {
	u, err := rt.resolve(address)
	if err != nil {
		return "", err
	}
	status, _, body, err := rt.load(u)
	switch {
	case err != nil:
		return "", err
	case status != 200:
		return "", fmt.Errorf("%s: not found", u)
	}
	return string(body), nil
}

// LoadPage parses an HTML page, runs its scripts in order and fires
// DOMContentLoaded and load, as tasks. Call it before Run.
func (rt *Runtime) LoadPage(source string) error {
	tree, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return fmt.Errorf("js: page: %w", err)
	}
	doc := rt.window.document
	var scripts []*node
	rt.build(doc, tree, &scripts)
	rt.nameElements(doc)
	for _, f := range doc.all(func(n *node) bool { return n.tag == "iframe" }) {
		f.(*node).openFrame()
	}
	for _, s := range scripts {
		rt.Post(func() { rt.runScriptElement(s) })
	}
	rt.Post(func() { rt.finishLoading() })
	return nil
}

// LoadScript runs a classic script as the only script of an otherwise empty
// page, and fires the events of loading.
func (rt *Runtime) LoadScript(name, src string) error {
	if err := rt.LoadPage("<!doctype html><html><head></head><body></body></html>"); err != nil {
		return err
	}
	rt.loop.unshift(func() { rt.fail(rt.runSource(name, src)) })
	return nil
}

func (rt *Runtime) finishLoading() {
	doc := rt.window.document
	doc.script.ready = "interactive"
	doc.fire(rt, "readystatechange")
	doc.dispatch(rt, newEvent("Event", "DOMContentLoaded", eventInit{bubbles: true}))
	rt.Post(func() {
		doc.script.ready = "complete"
		doc.fire(rt, "readystatechange")
		rt.window.fire(rt, "load")
		rt.window.fire(rt, "pageshow")
		if rt.loaded != nil {
			rt.loaded()
		}
	})
}

// build copies the parser's tree.
func (rt *Runtime) build(parent *node, from *html.Node, scripts *[]*node) {
	for c := from.FirstChild; c != nil; c = c.NextSibling {
		var n *node
		switch c.Type {
		case html.TextNode:
			n = newNode(rt, "Text", textNode)
			n.text = c.Data
		case html.CommentNode:
			n = newNode(rt, "CharacterData", commentNode)
			n.text = c.Data
		case html.ElementNode:
			n = newElement(rt, c.Data)
			for _, a := range c.Attr {
				n.setAttr(a.Key, a.Val)
			}
		default:
			continue
		}
		n.up = parent
		parent.children = append(parent.children, n)
		rt.build(n, c, scripts)
		if n.tag == "script" {
			n.script.started = true
			*scripts = append(*scripts, n)
		}
	}
}

// nameElements is named access on the Window object (HTML §7.2.4): an element's
// id is a global variable unless something else has that name.
func (rt *Runtime) nameElements(doc *node) {
	for _, e := range doc.all(func(n *node) bool { return n.value("id") != "" }) {
		id := e.(*node).value("id")
		if rt.vm.GlobalObject().Get(id) == nil {
			_ = rt.vm.Set(id, rt.realm.Wrap(e.(*node)))
		}
	}
}

// javascript reports whether a script element's type is a script's.
func (n *node) javascript() (isScript, module bool) {
	switch t := strings.ToLower(strings.TrimSpace(n.value("type"))); t {
	case "", "text/javascript", "application/javascript", "text/ecmascript", "application/ecmascript":
		return true, false
	case "module":
		return true, true
	}
	return false, false
}

func (rt *Runtime) runScriptElement(n *node) {
	isScript, module := n.javascript()
	if !isScript {
		return
	}
	name, code := hrefOf(rt.base), n.textContent()
	if src, ok := n.attr("src"); ok {
		text, err := rt.readText(src)
		if err != nil {
			n.fire(rt, "error")
			rt.print("error", "script: "+err.Error())
			return
		}
		name, code = src, text
	}
	if module {
		bundled, err := rt.bundle(name, code)
		if err != nil {
			rt.reportException(rt.newError("SyntaxError", err.Error()), nil)
			return
		}
		code = bundled
	}
	doc := rt.window.document
	doc.script.current = n
	rt.fail(rt.runSource(name, code))
	doc.script.current = nil
	if _, ok := n.attr("src"); ok {
		n.fire(rt, "load")
	}
}

// runInserted runs a script element that a script inserted: at once when it is
// inline, in a later task when it has an address.
func (n *node) runInserted() {
	if n.script.started {
		return
	}
	n.script.started = true
	if _, ok := n.attr("src"); ok {
		n.rt.Post(func() { n.rt.runScriptElement(n) })
		return
	}
	n.rt.runScriptElement(n)
}
