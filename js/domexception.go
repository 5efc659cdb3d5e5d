package js

import (
	"trackway/js/binding"
)

// domException is a DOMException. RTCError and OverconstrainedError embed it.
type domException struct {
	binding.Object
	name, message string
}

// InterfaceName implements binding.Platform.
func (*domException) InterfaceName() string { return "DOMException" }

func (e *domException) exception() *domException { return e }

type exceptional interface{ exception() *domException }

// legacyCodes are the codes of Web IDL §2.8.1's table.
var legacyCodes = map[string]int{
	"IndexSizeError": 1, "HierarchyRequestError": 3, "WrongDocumentError": 4, "InvalidCharacterError": 5,
	"NoModificationAllowedError": 7, "NotFoundError": 8, "NotSupportedError": 9, "InUseAttributeError": 10,
	"InvalidStateError": 11, "SyntaxError": 12, "InvalidModificationError": 13, "NamespaceError": 14, "InvalidAccessError": 15,
	"TypeMismatchError": 17, "SecurityError": 18, "NetworkError": 19, "AbortError": 20, "URLMismatchError": 21,
	"QuotaExceededError": 22, "TimeoutError": 23, "InvalidNodeTypeError": 24, "DataCloneError": 25,
}

func init() {
	registry.Implement("DOMException", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			return &domException{message: c.String(0), name: c.String(1)}, nil
		},
		"name":    getter(func(e exceptional) any { return e.exception().name }),
		"message": getter(func(e exceptional) any { return e.exception().message }),
		"code":    getter(func(e exceptional) any { return legacyCodes[e.exception().name] }),
	})
}
