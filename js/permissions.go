package js

import (
	"slices"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// permissions is Permissions. The runtime has no user to ask: what it offers is
// granted unless SetPermission said otherwise.
type permissions struct {
	binding.Object
	states map[string]string
	status []*permissionStatus
}

// InterfaceName implements binding.Platform.
func (*permissions) InterfaceName() string { return "Permissions" }

type permissionStatus struct {
	eventTarget
	name string
	of   *permissions
}

// InterfaceName implements binding.Platform.
func (*permissionStatus) InterfaceName() string { return "PermissionStatus" }

// powerful are the features whose permission a script may query.
var powerful = []string{"camera", "microphone", "display-capture", "speaker-selection"}

func (p *permissions) state(name string) string { return orDefault(p.states[name], "granted") }

// SetPermission makes a permission such as "camera" granted, denied or prompt;
// the latter counts as denied, since nobody could be prompted. It belongs to the
// goroutine of Run, or may be called before Run.
func (rt *Runtime) SetPermission(name, state string) {
	p := rt.window.navigator.permissions
	if p.states == nil {
		p.states = map[string]string{}
	}
	if p.state(name) == state {
		return
	}
	p.states[name] = state
	for _, s := range p.status {
		if s.name == name {
			rt.Post(func() { s.fire(rt, "change") })
		}
	}
}

func init() {
	registry.Implement("Permissions", binding.Members{
		"query": func(c *binding.Call) (any, error) {
			name := c.Arg(0).(*goja.Object).Get("name")
			if name == nil || goja.IsUndefined(name) {
				return nil, domerr.New(domerr.Type, "permissions.query: the descriptor has no name")
			}
			if !slices.Contains(powerful, name.String()) {
				return nil, domerr.New(domerr.Type, "permissions.query: %q is not a permission of this runtime", name.String())
			}
			p := c.This.(*permissions)
			s := &permissionStatus{name: name.String(), of: p}
			s.init(s)
			p.status = append(p.status, s)
			return s, nil
		},
	})
	registry.Implement("PermissionStatus", binding.Members{
		"state": getter(func(s *permissionStatus) any { return s.of.state(s.name) }),
		"name":  getter(func(s *permissionStatus) any { return s.name }),
	})
}
