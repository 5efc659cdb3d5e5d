//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"trackway/internal/domerr"
)

// library is a shared library that is opened when it is first needed, and then
// stays open: its code may be on some thread's stack.
type library struct {
	name string
	// sonames are tried in order, the newest first. Each stands for an ABI
	// whose layouts are known here.
	sonames []string
	// functions are pointers to func variables, by symbol.
	functions map[string]any
	// check looks at the version that was found.
	check func() error

	once sync.Once
	err  error
}

// open opens the library once. The error is a NotSupportedError.
func (l *library) open() error {
	l.once.Do(func() {
		if err := l.load(); err != nil {
			l.err = domerr.Wrap(err, domerr.NotSupported, "%s cannot be used", l.name)
		}
	})
	return l.err
}

func (l *library) load() error {
	var handle uintptr
	err := errors.New("no soname is known")
	for _, soname := range l.sonames {
		// Local: two libraries, or two versions of one, must not mix.
		if handle, err = purego.Dlopen(soname, purego.RTLD_NOW|purego.RTLD_LOCAL); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	for symbol, f := range l.functions {
		address, err := purego.Dlsym(handle, symbol)
		if err != nil {
			return err
		}
		if reflect.TypeOf(f).Elem().Kind() == reflect.Uintptr {
			*f.(*uintptr) = address
			continue
		}
		purego.RegisterFunc(f, address)
	}
	if l.check != nil {
		return l.check()
	}
	return nil
}

// libc's allocator. Memory that a library may keep a pointer to is C's; Go's
// is lent for the time of a call only.
var (
	calloc func(n, size uintptr) unsafe.Pointer
	free   func(unsafe.Pointer)

	libc = library{name: "libc", sonames: []string{"libc.so.6"}, functions: map[string]any{"calloc": &calloc, "free": &free}}
)

// allocate returns a zeroed T in C's memory, with room to spare after it: a
// library of a later revision than its ABI version tells may know more fields.
func allocate[T any]() (*T, error) {
	if err := libc.open(); err != nil {
		return nil, err
	}
	const spare = 256
	p := calloc(1, unsafe.Sizeof(*new(T))+spare)
	if p == nil {
		return nil, domerr.New(domerr.Operation, "out of memory")
	}
	return (*T)(p), nil
}

// release frees what allocate returned, once.
func release[T any](p **T) {
	if *p != nil {
		free(unsafe.Pointer(*p))
		*p = nil
	}
}

// at turns an address in C's memory to a pointer. It says in one place what
// vet doubts: the address is not Go's, so no collector moves or frees it.
func at(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// failed is the error of a library's call.
func failed(what string, code int32) error {
	return fmt.Errorf("%s returned %d", what, code)
}
