package js

import (
	"github.com/dop251/goja"

	"trackway/js/binding"
)

type deserializer struct {
	rt    *Runtime
	in    *message
	made  map[ref]goja.Value
	moved []goja.Value
}

// deserialize is StructuredDeserializeWithTransfer. It also returns the
// transferred values in order.
func (rt *Runtime) deserialize(m *message) (v goja.Value, moved []any, err error) {
	d := &deserializer{rt: rt, in: m, made: map[ref]goja.Value{}}
	for _, t := range m.moved {
		if b, ok := t.(*movedBuffer); ok {
			d.moved = append(d.moved, rt.vm.ToValue(rt.vm.NewArrayBuffer(b.data)))
			continue
		}
		p := t.receive(rt)
		d.moved = append(d.moved, rt.realm.Wrap(p))
		moved = append(moved, p)
	}
	if ex := rt.vm.Try(func() { v = d.value(m.root) }); ex != nil {
		return nil, nil, ex
	}
	return v, moved, nil
}

func (d *deserializer) value(n any) goja.Value {
	switch n := n.(type) {
	case primitive:
		return n.v
	case movedNode:
		return d.moved[n.index]
	case ref:
		if v, ok := d.made[n]; ok {
			return v
		}
		return d.composite(n, d.in.nodes[n])
	}
	return goja.Undefined()
}

func (d *deserializer) construct(name string, args ...any) *goja.Object {
	vals := make([]goja.Value, len(args))
	for i, a := range args {
		vals[i] = d.rt.vm.ToValue(a)
	}
	o, err := d.rt.vm.New(d.rt.vm.Get(name), vals...)
	if err != nil {
		panic(err)
	}
	return o
}

func (d *deserializer) composite(at ref, n any) goja.Value {
	vm := d.rt.vm
	keep := func(v goja.Value) goja.Value { d.made[at] = v; return v }
	call := func(f goja.Callable, args ...goja.Value) goja.Value {
		v, err := f(goja.Undefined(), args...)
		if err != nil {
			panic(err)
		}
		return v
	}
	switch n := n.(type) {
	case platformNode:
		return keep(d.rt.realm.Wrap(n.make(d.rt)))
	case dateNode:
		return keep(d.construct("Date", n.ms))
	case regexNode:
		return keep(d.construct("RegExp", n.source, n.flags))
	case boxNode:
		return keep(d.value(n.v).ToObject(vm))
	case bufNode:
		return keep(vm.ToValue(vm.NewArrayBuffer(append([]byte{}, n.data...))))
	case viewNode:
		return keep(call(d.rt.fn.view, vm.ToValue(n.kind), d.value(n.buffer), vm.ToValue(n.offset), vm.ToValue(n.len)))
	case errNode:
		return keep(d.err(n))
	case arrayNode:
		arr := vm.NewArray()
		keep(arr)
		_ = arr.Set("length", n.length)
		d.fill(arr, n.props)
		return arr
	case objectNode:
		o := vm.NewObject()
		keep(o)
		d.fill(o, n)
		return o
	case mapNode:
		m := call(d.rt.fn.newMap).ToObject(vm)
		keep(m)
		set, _ := goja.AssertFunction(m.Get("set"))
		for i := range n.keys {
			if _, err := set(m, d.value(n.keys[i]), d.value(n.values[i])); err != nil {
				panic(err)
			}
		}
		return m
	case setNode:
		s := call(d.rt.fn.newSet).ToObject(vm)
		keep(s)
		add, _ := goja.AssertFunction(s.Get("add"))
		for _, v := range n.values {
			if _, err := add(s, d.value(v)); err != nil {
				panic(err)
			}
		}
		return s
	}
	return goja.Undefined()
}

func (d *deserializer) err(n errNode) *goja.Object {
	name := n.name
	switch name {
	case "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError":
	default:
		name = "Error"
	}
	o := d.construct(name, n.message)
	_ = o.DefineDataProperty("stack", d.rt.vm.ToValue(n.stack), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return o
}

func (d *deserializer) fill(o *goja.Object, n objectNode) {
	for i, k := range n.keys {
		if err := o.DefineDataProperty(k, d.value(n.values[i]), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
			panic(err)
		}
	}
}

// deliver fires a message event with the deserialized message. source is the
// window that sent it, or nil.
func (rt *Runtime) deliver(t *eventTarget, m *message, origin string, source any) {
	v, moved, err := rt.deserialize(m)
	typ := "message"
	ports := []any{}
	for _, p := range moved {
		if port, ok := p.(*messagePort); ok {
			ports = append(ports, port)
		}
	}
	if err != nil {
		typ, v = "messageerror", goja.Null()
	}
	e := newEvent("MessageEvent", typ, eventInit{})
	e.attrs = map[string]any{"data": v, "origin": origin, "lastEventId": "", "source": source, "ports": ports}
	t.dispatch(rt, e)
}

var _ binding.Platform = (*messagePort)(nil)
