package js

import (
	_ "embed"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// preludeSource is what ECMAScript has and goja has not yet, written in
// JavaScript, and the functions of the language that the runtime itself uses.
//
//go:embed prelude.js
var preludeSource string

var preludeProgram = sync.OnceValues(func() (*goja.Program, error) { return Compile("prelude", preludeSource) })

// helpers are functions of the language, captured before any script runs.
type helpers struct {
	then, upon, atOnce, iterateStream     goja.Callable
	mapEntries, setValues, newMap, newSet goja.Callable
	classOf                               goja.Callable
	view                                  goja.Callable
	console                               consoleState
}

func (rt *Runtime) prelude() error {
	p, err := preludeProgram()
	if err != nil {
		return err
	}
	v, err := rt.vm.RunProgram(p)
	if err != nil {
		return err
	}
	o := v.ToObject(rt.vm)
	for name, to := range map[string]*goja.Callable{
		"then": &rt.fn.then, "upon": &rt.fn.upon, "atOnce": &rt.fn.atOnce,
		"iterateStream": &rt.fn.iterateStream,
		"mapEntries":    &rt.fn.mapEntries, "setValues": &rt.fn.setValues, "newMap": &rt.fn.newMap,
		"newSet": &rt.fn.newSet, "classOf": &rt.fn.classOf, "view": &rt.fn.view,
	} {
		*to, _ = goja.AssertFunction(o.Get(name))
	}
	rt.fn.console = consoleState{counts: map[string]int{}, timers: map[string]time.Time{}}
	return nil
}
