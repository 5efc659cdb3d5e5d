// Package webidl holds the model of a Web IDL fragment and a parser for it.
//
// The same model serves twice: the generator (js/webidl/gen) parses IDL files
// into it, merges partial definitions, mixins and typedefs, and prints it as Go
// literals (js/idl); package js/binding turns those literals into interface
// objects, prototypes and conversions. Section numbers refer to the Web IDL
// Standard, https://webidl.spec.whatwg.org/.
package webidl

// Kind is the kind of an IDL type (Web IDL §2.13).
type Kind uint8

// The kinds of types. Named stands for a name that is not resolved yet;
// the generator replaces it by one of the kinds after it.
const (
	Undefined Kind = iota
	Any
	Boolean
	Byte
	Octet
	Short
	UnsignedShort
	Long
	UnsignedLong
	LongLong
	UnsignedLongLong
	Float
	UnrestrictedFloat
	Double
	UnrestrictedDouble
	Bigint
	DOMString
	ByteString
	USVString
	Object
	Symbol
	BufferSource // ArrayBuffer, DataView and the typed arrays; Name says which, "" for any view or buffer
	Sequence
	FrozenArray
	Record
	Promise
	Union
	Named
	Interface
	Dictionary
	Enum
	Callback
	CallbackInterface
)

// Type is an IDL type. Elem holds the member types of a union, the element
// type of a sequence, frozen array or promise, and the value type of a record
// (whose key type is always treated as DOMString; Name is the key's type name).
type Type struct {
	Kind         Kind
	Name         string
	Elem         []*Type
	Nullable     bool
	EnforceRange bool
	Clamp        bool
	NullToEmpty  bool // [LegacyNullToEmptyString]
	NonCallable  bool // [LegacyTreatNonObjectAsNull] on the callback type
}

// Default is the default value of an optional argument or dictionary member.
// The zero value means that there is none.
type Default struct {
	Kind  DefaultKind
	Text  string  // DefaultString
	Num   float64 // DefaultNumber
	Truth bool    // DefaultBool
}

// DefaultKind says which literal a default value is.
type DefaultKind uint8

// The literals of Web IDL's DefaultValue production.
const (
	NoDefault DefaultKind = iota
	DefaultNull
	DefaultUndefined
	DefaultBool
	DefaultNumber
	DefaultString
	DefaultEmptySequence
	DefaultEmptyDictionary
)

// Argument is one argument of an operation, constructor or callback.
type Argument struct {
	Name     string
	Type     *Type
	Optional bool
	Variadic bool
	Default  Default
}

// MemberKind is the kind of an interface member.
type MemberKind uint8

// The kinds of interface members.
const (
	Attribute MemberKind = iota
	Operation
	Constructor
	Constant
	Iterable
	Maplike
	Setlike
	Stringifier
)

// Member is a member of an interface, mixin or namespace. Operations that
// share a name are overloads and keep their order.
type Member struct {
	Kind     MemberKind
	Name     string
	Type     *Type // attribute's, constant's or return type; key type of maplike
	Value    *Type // value type of maplike and of pair iterables
	Args     []Argument
	Static   bool
	ReadOnly bool
	Const    Default

	SameObject   bool
	Unforgeable  bool
	DefaultToJSO bool   // [Default] on toJSON
	PutForwards  string // [PutForwards=…]
	Replaceable  bool
	Setter       string // the special operation, "getter", "setter" or "deleter"
	Secure       bool   // [SecureContext]
	Line         int
}

// InterfaceDef is an interface, mixin, callback interface or namespace.
type InterfaceDef struct {
	Name      string
	Inherits  string
	Members   []*Member
	Mixin     bool
	Callback  bool
	Namespace bool
	Partial   bool
	// NoInterfaceObject is [LegacyNoInterfaceObject].
	NoInterfaceObject bool
	// WindowAlias is the name of [LegacyWindowAlias], "" without one.
	WindowAlias string
	// Secure is [SecureContext].
	Secure                     bool
	Serializable, Transferable bool
	Exposed                    []string
}

// Field is a dictionary member.
type Field struct {
	Name     string
	Type     *Type
	Required bool
	Default  Default
}

// DictionaryDef is a dictionary. After generation Fields are in
// lexicographic order, as Web IDL §3.2.17 step 4.1.3 reads them.
type DictionaryDef struct {
	Name     string
	Inherits string
	Fields   []Field
	Partial  bool
}

// EnumDef is an enumeration.
type EnumDef struct {
	Name   string
	Values []string
}

// CallbackDef is a callback function.
type CallbackDef struct {
	Name        string
	Return      *Type
	Args        []Argument
	Constructor bool
	// NonObjectAsNull is [LegacyTreatNonObjectAsNull].
	NonObjectAsNull bool
}

// Typedef names a type.
type Typedef struct {
	Name string
	Type *Type
}

// Include is an "A includes B" statement.
type Include struct{ Target, Mixin string }

// Fragment is a parsed IDL file.
type Fragment struct {
	Interfaces   []*InterfaceDef
	Dictionaries []*DictionaryDef
	Enums        []*EnumDef
	Callbacks    []*CallbackDef
	Typedefs     []*Typedef
	Includes     []Include
}
