package mediadevices

import "trackway/internal/domerr"

// OverconstrainedError says which constraint no device can meet. errors.Is
// finds it by the name OverconstrainedError.
type OverconstrainedError struct {
	// Constraint is the name of the constraint, as in MediaTrackConstraints, or
	// "" if each alone could be met.
	Constraint string
	// Message explains.
	Message string
}

func (e *OverconstrainedError) Error() string {
	return string(domerr.Overconstrained) + ": " + e.Constraint + ": " + e.Message
}

// Is reports whether target is the name of this error.
func (e *OverconstrainedError) Is(target error) bool { return target == domerr.Overconstrained }

func overconstrained(constraint string) error {
	if constraint == "" {
		return &OverconstrainedError{"", "no device meets all the constraints together"}
	}
	return &OverconstrainedError{constraint, "no device meets this constraint"}
}
