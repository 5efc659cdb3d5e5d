// Package idl is the generated description of the web interfaces that the
// runtime offers: what webrtc.idl, mediacapture-streams.idl and their
// neighbours say, as Go values. js/binding gives them behaviour.
//
// To regenerate, point TRACKWAY_IDL at a directory with webref's IDL files.
package idl

import "trackway/js/webidl"

//go:generate go run trackway/js/webidl/gen .

// Interfaces, Dictionaries, Enums and Callbacks hold every definition by name.
// Interfaces are listed in InterfaceOrder as their files define them.
var (
	Interfaces     = map[string]*webidl.InterfaceDef{}
	Dictionaries   = map[string]*webidl.DictionaryDef{}
	Enums          = map[string]*webidl.EnumDef{}
	Callbacks      = map[string]*webidl.CallbackDef{}
	InterfaceOrder []string
)

func define(name, inherits string, exposed []string, members ...*webidl.Member) *webidl.InterfaceDef {
	d := &webidl.InterfaceDef{Name: name, Inherits: inherits, Exposed: exposed, Members: members}
	Interfaces[name] = d
	InterfaceOrder = append(InterfaceOrder, name)
	return d
}

func namespace(name, inherits string, exposed []string, members ...*webidl.Member) *webidl.InterfaceDef {
	d := define(name, inherits, exposed, members...)
	d.Namespace = true
	return d
}

func callbackInterface(name, inherits string, exposed []string, members ...*webidl.Member) *webidl.InterfaceDef {
	d := define(name, inherits, exposed, members...)
	d.Callback = true
	return d
}

func exposed(in ...string) []string { return in }

func dictionary(name, inherits string, fields ...webidl.Field) {
	Dictionaries[name] = &webidl.DictionaryDef{Name: name, Inherits: inherits, Fields: fields}
}

func enums(name string, values ...string) {
	Enums[name] = &webidl.EnumDef{Name: name, Values: values}
}

func callback(name string, ret *webidl.Type, args ...webidl.Argument) {
	Callbacks[name] = &webidl.CallbackDef{Name: name, Return: ret, Args: args}
}
