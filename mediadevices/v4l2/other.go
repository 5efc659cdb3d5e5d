//go:build !linux || !(amd64 || arm64)

package v4l2

import (
	"context"

	"trackway/mediadevices"
)

// Devices returns none on this system.
func Devices(context.Context) []*mediadevices.Device { return nil }
