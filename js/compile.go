package js

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
)

// programs caches compiled scripts by name and content: the runtimes of a
// process run the same few scripts over and over.
var programs sync.Map // [32]byte to *goja.Program

// supported overrides esbuild's idea of ES2023 by what goja does not do.
var supported = map[string]bool{"async-generator": false, "for-await": false, "regexp-unicode-property-escapes": true, "regexp-set-notation": false}

// Compile compiles a script. goja parses most of ECMAScript 2023; what it does
// not (async generators, for await) is lowered by esbuild first.
func Compile(name, src string) (*goja.Program, error) {
	key := sha256.Sum256([]byte(name + "\x00" + src))
	if p, ok := programs.Load(key); ok {
		return p.(*goja.Program), nil
	}
	p, err := compile(name, src)
	if err != nil && mayLower(src) {
		var lowered string
		if lowered, err = lower(name, src); err == nil {
			p, err = compile(name, lowered)
		}
	}
	if err != nil {
		return nil, err
	}
	programs.Store(key, p)
	return p, nil
}

func compile(name, src string) (*goja.Program, error) {
	tree, err := goja.Parse(name, src, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	return goja.CompileAST(tree, false)
}

var lowerable = regexp.MustCompile(`\bawait\b|\basync\b|/[dgimsuy]*v`)

func mayLower(src string) bool { return lowerable.MatchString(src) }

func lower(name, src string) (string, error) {
	res := api.Transform(src, api.TransformOptions{
		Sourcefile: name, Loader: api.LoaderJS, Target: api.ES2023, Supported: supported, Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent,
	})
	if err := buildError(name, res.Errors); err != nil {
		return "", err
	}
	return string(res.Code), nil
}

func buildError(name string, msgs []api.Message) error {
	if len(msgs) == 0 {
		return nil
	}
	m := msgs[0]
	line := 0
	if m.Location != nil {
		line = m.Location.Line
	}
	return fmt.Errorf("SyntaxError: %s at %s:%d", m.Text, name, line)
}

// bundleModule turns an ECMAScript module and what it imports into one script.
// load returns the source of a module by its address.
func bundleModule(name, src string, resolve func(specifier, importer string) string, load func(address string) (string, error)) (string, error) {
	plugin := api.Plugin{Name: "page", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			importer := a.Importer
			if importer == "<stdin>" || importer == "" {
				importer = name
			}
			return api.OnResolveResult{Path: resolve(a.Path, importer), Namespace: "page"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "page"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := load(a.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
	}}
	res := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: src, Sourcefile: name, Loader: api.LoaderJS},
		Bundle: true, Format: api.FormatESModule, Target: api.ES2023, Supported: supported, Charset: api.CharsetUTF8,
		LogLevel: api.LogLevelSilent, Plugins: []api.Plugin{plugin}, Write: false,
	})
	if err := buildError(name, res.Errors); err != nil {
		return "", err
	}
	code := string(res.OutputFiles[0].Contents)
	// What the entry module exports has no reader; an export statement is not allowed in a function body.
	if i := strings.LastIndex(code, "\nexport {"); i >= 0 {
		code = code[:i+1]
	}
	return "(async () => {\n'use strict';\n" + code + "\n})()", nil
}
