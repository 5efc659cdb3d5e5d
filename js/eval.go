package js

import (
	"encoding/base64"
	"strings"

	"github.com/dop251/goja"
)

func decodeBase64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

func (rt *Runtime) parseJSON(text string) (goja.Value, error) {
	parse, _ := goja.AssertFunction(rt.vm.Get("JSON").ToObject(rt.vm).Get("parse"))
	return parse(goja.Undefined(), rt.vm.ToValue(text))
}

// runSource compiles and runs a classic script.
func (rt *Runtime) runSource(name, src string) error {
	p, err := Compile(name, src)
	if err != nil {
		rt.reportException(rt.newError("SyntaxError", strings.TrimPrefix(err.Error(), "SyntaxError: ")), nil)
		return nil
	}
	_, err = rt.vm.RunProgram(p)
	return err
}

// RunScript runs a classic script as a task of its own. Exceptions are reported
// like those of a script element. It belongs to the goroutine of Run, or may be
// called before Run.
func (rt *Runtime) RunScript(name, src string) {
	rt.runTask(func() { rt.fail(rt.runSource(name, src)) })
}

// RunModule runs an ECMAScript module and the modules it imports from the
// page's files.
func (rt *Runtime) RunModule(name, src string) error {
	code, err := rt.bundle(name, src)
	if err != nil {
		return err
	}
	rt.RunScript(name, code)
	return nil
}

func (rt *Runtime) bundle(name, src string) (string, error) {
	resolve := func(specifier, importer string) string {
		base, err := rt.base.Parse(importer)
		if err != nil {
			return specifier
		}
		u, err := base.Parse(specifier)
		if err != nil {
			return specifier
		}
		return u.String()
	}
	load := func(address string) (string, error) {
		data, err := rt.readText(address)
		return data, err
	}
	return bundleModule(name, src, resolve, load)
}
