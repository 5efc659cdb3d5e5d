package interop

import (
	"testing"

	"trackway/interop/browser"
	"trackway/media"
)

// Firefox hides its addresses behind mDNS names, or does not; the media must
// arrive either way. (Chromium hides them too until it has a device's
// permission; the other tests see both.)
func TestFirefoxWithAndWithoutMDNS(t *testing.T) {
	for _, hide := range []bool{false, true} {
		name := map[bool]string{false: "addresses", true: "names"}[hide]
		t.Run(name, func(t *testing.T) {
			o := browser.Options{Prefs: map[string]any{"media.peerconnection.ice.obfuscate_host_addresses": hide}}
			variant := ""
			if !hide { // hiding is the default
				variant = name
			}
			x := start(t, enter(t, browser.Firefox, variant, o), browser.Firefox, false)
			x.eval(nil, `peer.pc.addTrack(T.picture(args.colour), new MediaStream())`, browser.Args{"colour": browserPicture})
			x.wantPicture(x.arrived(media.Video, 0).Track, browserRGB)
			x.wantNoErrors()
		})
	}
}
