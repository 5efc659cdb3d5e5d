package transport

import (
	"net"
	"net/netip"
	"sync"

	"github.com/pion/ice/v4"
)

// tcpPort is the listener of passive ICE-TCP candidates (RFC 6544), opened
// when first needed.
type tcpPort struct {
	n      *Network
	mu     sync.Mutex
	mux    *ice.TCPMuxDefault
	closed bool
}

// open returns the multiplexer and its port.
func (p *tcpPort) open() (*ice.TCPMuxDefault, uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, 0, ErrClosed
	}
	if p.mux == nil {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{Port: int(p.n.cfg.TCPPort)})
		if err != nil {
			return nil, 0, err
		}
		p.mux = ice.NewTCPMuxDefault(ice.TCPMuxParams{
			Listener: l, Logger: logs{p.n.cfg.Log}.NewLogger("tcp"),
			// Packets that wait for a reader and bytes that wait for the
			// peer; more than that is lost, as it would be over UDP.
			ReadBufferSize: 64, WriteBufferSize: 256 << 10,
		})
	}
	return p.mux, uint16(p.mux.LocalAddr().(*net.TCPAddr).Port), nil
}

func (p *tcpPort) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.mux != nil {
		_ = p.mux.Close()
		p.mux = nil
	}
}

// release forgets what the multiplexer keeps for an agent.
func (p *tcpPort) release(ufrag string) {
	p.mu.Lock()
	mux := p.mux
	p.mu.Unlock()
	if mux != nil {
		mux.RemoveConnByUfrag(ufrag)
	}
}

// gatherTCP adds passive TCP candidates, and tells the active ones: the agent
// makes those when it learns of a passive peer.
func (g *generation) gatherTCP() {
	n := g.t.cfg.Network
	addrs, err := n.addrs()
	if err != nil {
		return
	}
	for i, a := range addrs {
		c := Candidate{
			Foundation: foundation("host", a.String(), "tcp", ""), Component: 1, Protocol: "tcp",
			Address: a.String(), Type: "host",
		}
		// RFC 6544 4.2: direction preference 6 for active, 4 for passive.
		active, passive := c, c
		active.TCPType, active.Port = "active", 9
		active.Priority = priority(prefHost-tcpPenalty, 6<<13+uint32(8191-min(i, 255)))
		passive.TCPType = "passive"
		passive.Priority = priority(prefHost-tcpPenalty, 4<<13+uint32(8191-min(i, 255)))
		// The multiplexer knows one agent for each local ufrag.
		if !n.cfg.TCPActiveOnly && !g.quiet {
			g.addPassive(passive, a)
		}
		shown, _ := g.shownHosts(active, a)
		for _, c := range shown {
			g.announce(c)
		}
	}
}

func (g *generation) addPassive(c Candidate, a netip.Addr) {
	mux, port, err := g.t.cfg.Network.tcp.open()
	if err == nil {
		var conn net.PacketConn
		c.Port = port
		if conn, err = mux.GetConnByUfrag(g.local.Ufrag, a.Is6(), a.AsSlice()); err == nil {
			shown, _ := g.shownHosts(c, a)
			if err = g.add(c, shown[0], conn, nil); err == nil {
				for _, c := range shown {
					g.announce(c)
				}
			}
		}
	}
	if err != nil {
		g.candidateError(CandidateError{Address: c.Address, Port: c.Port, Code: 701, Text: err.Error()})
	}
}
