package js

import (
	"fmt"
	"strings"
	"time"

	"github.com/dop251/goja"

	"trackway/js/binding"
)

// consoleState is what counts, timers and groups need; it lives in helpers.
type consoleState struct {
	counts map[string]int
	timers map[string]time.Time
	indent string
}

func init() {
	m := binding.Members{}
	for name, level := range map[string]string{"log": "log", "info": "info", "debug": "debug", "warn": "warn", "error": "error", "trace": "trace", "dirxml": "log"} {
		m[name] = func(c *binding.Call) (any, error) {
			host(c).print(level, host(c).formatAll(c.Args))
			return nil, nil
		}
	}
	m["dir"] = func(c *binding.Call) (any, error) {
		host(c).print("log", host(c).inspect(c.Value(0), 0))
		return nil, nil
	}
	m["assert"] = func(c *binding.Call) (any, error) {
		if !c.Bool(0) {
			host(c).print("error", strings.TrimSpace("Assertion failed "+host(c).formatAll(c.Args[1:])))
		}
		return nil, nil
	}
	m["count"] = func(c *binding.Call) (any, error) {
		s := &host(c).fn.console
		s.counts[c.String(0)]++
		host(c).print("log", fmt.Sprintf("%s: %d", c.String(0), s.counts[c.String(0)]))
		return nil, nil
	}
	m["countReset"] = func(c *binding.Call) (any, error) { delete(host(c).fn.console.counts, c.String(0)); return nil, nil }
	m["time"] = func(c *binding.Call) (any, error) {
		host(c).fn.console.timers[c.String(0)] = time.Now()
		return nil, nil
	}
	elapsed := func(c *binding.Call) (any, error) {
		if t, ok := host(c).fn.console.timers[c.String(0)]; ok {
			host(c).print("log", fmt.Sprintf("%s: %.3fms", c.String(0), float64(time.Since(t).Microseconds())/1000))
		}
		return nil, nil
	}
	m["timeLog"] = elapsed
	m["timeEnd"] = func(c *binding.Call) (any, error) {
		_, _ = elapsed(c)
		delete(host(c).fn.console.timers, c.String(0))
		return nil, nil
	}
	group := func(c *binding.Call) (any, error) {
		if len(c.Args) > 0 {
			host(c).print("log", host(c).formatAll(c.Args))
		}
		host(c).fn.console.indent += "  "
		return nil, nil
	}
	m["group"], m["groupCollapsed"] = group, group
	m["groupEnd"] = func(c *binding.Call) (any, error) {
		s := &host(c).fn.console
		s.indent = strings.TrimSuffix(s.indent, "  ")
		return nil, nil
	}
	registry.Implement("console", m)
}

func (rt *Runtime) print(level, msg string) {
	if indent := rt.fn.console.indent; indent != "" {
		msg = indent + strings.ReplaceAll(msg, "\n", "\n"+indent)
	}
	switch {
	case rt.opts.Console != nil:
		rt.opts.Console(level, msg)
	case level == "warn" || level == "error" || level == "trace":
		fmt.Fprintln(rt.opts.Stderr, msg)
	default:
		fmt.Fprintln(rt.opts.Stdout, msg)
	}
}

func (rt *Runtime) formatAll(args []any) string {
	out := make([]string, len(args))
	for i, a := range args {
		v, _ := a.(goja.Value)
		if o, ok := v.(*goja.Object); ok {
			out[i] = rt.inspect(o, 0)
		} else {
			out[i] = rt.describe(v)
		}
	}
	return strings.Join(out, " ")
}

// inspect shows a value as developers expect it from a console. It never
// throws, and stops three levels down.
func (rt *Runtime) inspect(v goja.Value, depth int) (s string) {
	o, ok := v.(*goja.Object)
	if !ok {
		if goja.IsString(v) && depth > 0 {
			return fmt.Sprintf("%q", v.String())
		}
		return rt.describe(v)
	}
	if _, fn := goja.AssertFunction(o); fn {
		return "[Function " + rt.read(o, "name") + "]"
	}
	if iface := rt.realm.Interface(o); iface != "" {
		if x, isErr := rt.realm.Unwrap(o).(exceptional); isErr {
			return x.exception().name + ": " + x.exception().message
		}
		return "[object " + iface + "]"
	}
	if o.ClassName() == "Error" {
		if stack := rt.read(o, "stack"); stack != "" {
			return stack
		}
		return rt.describe(o)
	}
	if depth > 2 {
		return "[object]"
	}
	var parts []string
	array := o.ClassName() == "Array"
	if ex := rt.vm.Try(func() {
		for i, k := range o.Keys() {
			if i == 100 {
				parts = append(parts, "…")
				break
			}
			item := rt.inspect(o.Get(k), depth+1)
			if !array {
				item = k + ": " + item
			}
			parts = append(parts, item)
		}
	}); ex != nil {
		return "[object]"
	}
	if array {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
