package js

import (
	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// message is a serialized value: plain Go data that another runtime may own.
type message struct {
	root  any
	nodes []any // nodes[i] is the composite that ref(i) names
	// moved are the values transferred, in order.
	moved []transferred
}

// transferred is a transferable's data on its way to a new owner.
type transferred interface {
	receive(rt *Runtime) binding.Platform
}

// transferable is a platform object that postMessage's transfer list admits.
type transferable interface {
	transfer() (transferred, error)
}

// serializable is a platform object that structured cloning copies. clone
// returns a function that makes the copy in any runtime.
type serializable interface {
	clone() (func(*Runtime) binding.Platform, error)
}

// The composites of the structured clone algorithm (HTML §2.7.3).
type (
	ref       int
	primitive struct{ v goja.Value } // immutable, so runtimes may share it
	dateNode  struct{ ms float64 }
	regexNode struct{ source, flags string }
	boxNode   struct{ v any }
	bufNode   struct{ data []byte }
	viewNode  struct {
		kind        string
		buffer      any
		offset, len int
	}
	errNode   struct{ name, message, stack string }
	mapNode   struct{ keys, values []any }
	setNode   struct{ values []any }
	arrayNode struct {
		length int64
		props  objectNode
	}
	objectNode struct {
		keys   []string
		values []any
	}
	platformNode struct {
		make func(*Runtime) binding.Platform
	}
	movedNode struct{ index int }
)

type serializer struct {
	rt   *Runtime
	out  *message
	seen map[*goja.Object]ref
	move map[*goja.Object]int
}

func cloneError(what string) error {
	return domerr.New("DataCloneError", "%s could not be cloned.", what)
}

// serialize is StructuredSerializeWithTransfer.
func (rt *Runtime) serialize(v goja.Value, transfer []any) (*message, error) {
	s := &serializer{rt: rt, out: &message{}, seen: map[*goja.Object]ref{}, move: map[*goja.Object]int{}}
	for _, t := range transfer {
		o, _ := t.(*goja.Object)
		if p, ok := t.(binding.Platform); ok {
			o = rt.realm.Wrap(p)
		}
		_, isTransferable := rt.realm.Unwrap(o).(transferable)
		buf := rt.realm.BufferOf(o)
		if !isTransferable && (buf == nil || buf.Kind != "ArrayBuffer") {
			return nil, cloneError("A value in the transfer list")
		}
		if _, twice := s.move[o]; twice {
			return nil, cloneError("A value that is twice in the transfer list")
		}
		s.move[o] = len(s.move)
	}
	var err error
	if ex := rt.vm.Try(func() { s.out.root, err = s.value(v) }); ex != nil {
		return nil, ex
	}
	if err != nil {
		return nil, err
	}
	s.out.moved = make([]transferred, len(s.move))
	for o, i := range s.move {
		if buf := rt.realm.BufferOf(o); buf != nil {
			s.out.moved[i] = &movedBuffer{data: buf.Copy()}
			ab := o.Export().(goja.ArrayBuffer)
			ab.Detach()
			continue
		}
		if s.out.moved[i], err = rt.realm.Unwrap(o).(transferable).transfer(); err != nil {
			return nil, err
		}
	}
	return s.out, nil
}

type movedBuffer struct{ data []byte }

func (*movedBuffer) receive(*Runtime) binding.Platform { return nil }

func (s *serializer) value(v goja.Value) (any, error) {
	o, ok := v.(*goja.Object)
	if !ok {
		if _, isSymbol := v.(*goja.Symbol); isSymbol {
			return nil, cloneError("A symbol")
		}
		return primitive{v}, nil
	}
	if i, ok := s.move[o]; ok {
		return movedNode{i}, nil
	}
	if r, ok := s.seen[o]; ok {
		return r, nil
	}
	at := ref(len(s.out.nodes))
	s.seen[o] = at
	s.out.nodes = append(s.out.nodes, nil)
	n, err := s.object(o)
	if err != nil {
		return nil, err
	}
	s.out.nodes[at] = n
	return at, nil
}

func (s *serializer) object(o *goja.Object) (any, error) {
	if impl := s.rt.realm.Unwrap(o); impl != nil {
		if p, ok := impl.(serializable); ok {
			f, err := p.clone()
			return platformNode{f}, err
		}
		return nil, cloneError("A " + s.rt.realm.Interface(o) + " object")
	}
	if _, callable := goja.AssertFunction(o); callable {
		return nil, cloneError("A function")
	}
	if b := s.rt.realm.BufferOf(o); b != nil {
		if b.Kind == "ArrayBuffer" {
			return bufNode{b.Copy()}, nil
		}
		under, err := s.value(o.Get("buffer"))
		return viewNode{b.Kind, under, int(o.Get("byteOffset").ToInteger()), len(b.Bytes())}, err
	}
	class, err := s.rt.fn.classOf(goja.Undefined(), o)
	if err != nil {
		return nil, err
	}
	switch kind := class.String(); kind {
	case "Date":
		return dateNode{o.ToNumber().ToFloat()}, nil
	case "RegExp":
		return regexNode{o.Get("source").String(), o.Get("flags").String()}, nil
	case "Boolean", "Number", "String", "BigInt":
		f, _ := goja.AssertFunction(o.Get("valueOf"))
		v, err := f(o)
		return boxNode{primitive{v}}, err
	case "Error":
		return errNode{o.Get("name").String(), s.rt.read(o, "message"), s.rt.read(o, "stack")}, nil
	case "Map", "Set":
		return s.collection(o, kind)
	case "Promise", "WeakMap", "WeakSet", "Symbol", "Generator":
		return nil, cloneError("A " + kind)
	case "Array":
		props, err := s.properties(o)
		return arrayNode{o.Get("length").ToInteger(), props}, err
	}
	return s.properties(o)
}

func (s *serializer) properties(o *goja.Object) (objectNode, error) {
	var n objectNode
	for _, k := range o.Keys() {
		v, err := s.value(o.Get(k))
		if err != nil {
			return n, err
		}
		n.keys, n.values = append(n.keys, k), append(n.values, v)
	}
	return n, nil
}

func (s *serializer) collection(o *goja.Object, kind string) (any, error) {
	list := s.rt.fn.setValues
	if kind == "Map" {
		list = s.rt.fn.mapEntries
	}
	arr, err := list(goja.Undefined(), o)
	if err != nil {
		return nil, err
	}
	var keys, values []any
	items := arr.ToObject(s.rt.vm)
	for _, i := range items.Keys() {
		item := items.Get(i)
		if kind == "Map" {
			k, err := s.value(item.ToObject(s.rt.vm).Get("0"))
			if err != nil {
				return nil, err
			}
			keys, item = append(keys, k), item.ToObject(s.rt.vm).Get("1")
		}
		v, err := s.value(item)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if kind == "Map" {
		return mapNode{keys, values}, nil
	}
	return setNode{values}, nil
}
