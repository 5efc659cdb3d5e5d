package transport

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// names resolves the ".local" names of remote candidates and answers for ours
// (draft-ietf-mmusic-mdns-ice-candidates). One multicast socket per family
// serves the process; it is opened when first needed.
type names struct {
	n      *Network
	mu     sync.Mutex
	conn   *mdns.Conn
	name   string
	err    error
	closed bool
}

func isName(host string) bool { return strings.HasSuffix(strings.ToLower(host), ".local") }

// own is the name that hides our addresses.
func (m *names) own() (string, error) {
	if _, err := m.open(); err != nil {
		return "", err
	}
	return m.name, nil
}

func (m *names) open() (*mdns.Conn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	if m.conn != nil || m.err != nil {
		return m.conn, m.err
	}
	m.conn, m.err = m.start()
	return m.conn, m.err
}

func (m *names) start() (*mdns.Conn, error) {
	if m.n.cfg.Listen != nil {
		return nil, fmt.Errorf("transport: a simulated network has no mDNS")
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	// Section 3.1.1 of the draft: a version 4 UUID.
	m.name = fmt.Sprintf("%x-%x-%x-%x-%x.local", b[:4], b[4:6], b[6:8], b[8:10], b[10:])

	opts := []mdns.ServerOption{
		mdns.WithLoggerFactory(logs{m.n.cfg.Log}),
		mdns.WithRecordTypes(dnsmessage.TypeA, dnsmessage.TypeAAAA),
		mdns.WithIncludeLoopback(m.n.cfg.Loopback == LoopbackInclude || m.n.cfg.Loopback == LoopbackOnly),
	}
	if m.n.cfg.MDNS == MDNSHide {
		opts = append(opts, mdns.WithLocalNames(m.name))
	}
	var p4 *ipv4.PacketConn
	var p6 *ipv6.PacketConn
	l4, err4 := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(224, 0, 0, 0), Port: 5353})
	if err4 == nil {
		p4 = ipv4.NewPacketConn(l4)
	}
	l6, err6 := net.ListenUDP("udp6", &net.UDPAddr{IP: net.ParseIP("ff02::"), Port: 5353})
	if err6 == nil {
		p6 = ipv6.NewPacketConn(l6)
	}
	if p4 == nil && p6 == nil {
		return nil, err4
	}
	c, err := mdns.NewServer(p4, p6, opts...)
	if err != nil {
		if l4 != nil {
			_ = l4.Close()
		}
		if l6 != nil {
			_ = l6.Close()
		}
	}
	return c, err
}

// resolve asks the link who has the name.
func (m *names) resolve(ctx context.Context, name string) (netip.Addr, error) {
	c, err := m.open()
	if err != nil {
		return netip.Addr{}, err
	}
	_, a, err := c.QueryAddr(ctx, name)
	return a.Unmap(), err
}

func (m *names) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.conn != nil {
		_ = m.conn.Close()
		m.conn = nil
	}
}
