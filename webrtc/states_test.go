package webrtc

import "testing"

// TestAggregatedStates has the rows of the tables in webrtc-pc 4.3.
func TestAggregatedStates(t *testing.T) {
	type tr struct {
		ice  ICETransportState
		dtls DTLSTransportState
	}
	for _, c := range []struct {
		transports []tr
		ice        ICEConnectionState
		connection PeerConnectionState
	}{
		{nil, "new", "new"},
		{[]tr{{"new", "new"}}, "new", "new"},
		{[]tr{{"closed", "closed"}}, "new", "new"},
		{[]tr{{"new", "new"}, {"closed", "closed"}}, "new", "new"},
		{[]tr{{"checking", "new"}}, "checking", "connecting"},
		{[]tr{{"new", "new"}, {"connected", "connected"}}, "checking", "connecting"},
		{[]tr{{"connected", "connecting"}}, "connected", "connecting"},
		{[]tr{{"connected", "new"}}, "connected", "connecting"},
		{[]tr{{"connected", "connected"}}, "connected", "connected"},
		{[]tr{{"completed", "connected"}, {"connected", "connected"}}, "connected", "connected"},
		{[]tr{{"completed", "connected"}, {"closed", "closed"}}, "completed", "connected"},
		{[]tr{{"completed", "connected"}}, "completed", "connected"},
		{[]tr{{"connected", "closed"}}, "connected", "connected"},
		{[]tr{{"disconnected", "connected"}, {"checking", "new"}}, "disconnected", "disconnected"},
		{[]tr{{"failed", "connected"}, {"disconnected", "connected"}}, "failed", "failed"},
		{[]tr{{"connected", "failed"}}, "connected", "failed"},
		{[]tr{{"connected", "failed"}, {"disconnected", "connected"}}, "disconnected", "failed"},
	} {
		var list []*bundleTransport
		for _, x := range c.transports {
			list = append(list, &bundleTransport{ice: &ICETransport{state: x.ice}, dtls: &DTLSTransport{state: x.dtls}})
		}
		if got := deriveICEConnectionState(list); got != c.ice {
			t.Errorf("iceConnectionState of %v: got %s, want %s", c.transports, got, c.ice)
		}
		if got := deriveConnectionState(list); got != c.connection {
			t.Errorf("connectionState of %v: got %s, want %s", c.transports, got, c.connection)
		}
	}
}

func TestAggregatedGatheringState(t *testing.T) {
	for _, c := range []struct {
		transports []ICEGatheringState
		want       ICEGatheringState
	}{
		{nil, "new"},
		{[]ICEGatheringState{"new"}, "new"},
		{[]ICEGatheringState{"complete", "new"}, "new"},
		{[]ICEGatheringState{"new", "gathering"}, "gathering"},
		{[]ICEGatheringState{"complete", "gathering"}, "gathering"},
		{[]ICEGatheringState{"complete", "complete"}, "complete"},
	} {
		var list []*bundleTransport
		for _, s := range c.transports {
			list = append(list, &bundleTransport{ice: &ICETransport{gatheringState: s}})
		}
		if got := deriveGatheringState(list); got != c.want {
			t.Errorf("iceGatheringState of %v: got %s, want %s", c.transports, got, c.want)
		}
	}
}
