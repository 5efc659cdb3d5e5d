package transport

import (
	"net"
	"net/netip"
	"strconv"
	"time"

	piontransport "github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
)

// interfaceAge is how long the list of interfaces is believed. Reading it
// takes many system calls, and a server would do it for each connection.
const interfaceAge = 5 * time.Second

func (n *Network) interfacesLocked() ([]Interface, error) {
	if n.list != nil && time.Since(n.read) < interfaceAge {
		return n.list, nil
	}
	read := n.cfg.Interfaces
	if read == nil {
		read = systemInterfaces
	}
	all, err := read()
	if err != nil {
		return nil, err
	}
	list := make([]Interface, 0, len(all))
	for _, i := range all {
		if n.cfg.InterfaceFilter != nil && !n.cfg.InterfaceFilter(i.Name) {
			continue
		}
		kept := Interface{Name: i.Name, Loopback: i.Loopback}
		for _, a := range i.Addrs {
			if usable(a) && (n.cfg.AddrFilter == nil || n.cfg.AddrFilter(a)) {
				kept.Addrs = append(kept.Addrs, a)
			}
		}
		if len(kept.Addrs) > 0 {
			list = append(list, kept)
		}
	}
	n.list, n.read = list, time.Now()
	return list, nil
}

// usable leaves out what RFC 8445 5.1.1.1 does: deprecated IPv6 kinds and
// link-local addresses, which a peer elsewhere cannot use and which would give
// the hardware address away.
func usable(a netip.Addr) bool {
	if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() || a.Is4In6() {
		return false
	}
	if a.Is6() {
		b := a.As16()
		if b[0] == 0xfe && b[1]&0xc0 == 0xc0 { // site-local, RFC 3879
			return false
		}
	}
	return true
}

func systemInterfaces() ([]Interface, error) {
	ifs, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var out []Interface
	for _, i := range ifs {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // the interface went away meanwhile
		}
		o := Interface{Name: i.Name, Loopback: i.Flags&net.FlagLoopback != 0}
		for _, a := range addrs {
			if ipn, ok := a.(*net.IPNet); ok {
				if ip, ok := netip.AddrFromSlice(ipn.IP); ok {
					o.Addrs = append(o.Addrs, ip.Unmap())
				}
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// addrsLocked lists the addresses to gather on.
func (n *Network) addrsLocked() ([]netip.Addr, error) {
	list, err := n.interfacesLocked()
	if err != nil {
		return nil, err
	}
	var normal, loopback []netip.Addr
	for _, i := range list {
		for _, a := range i.Addrs {
			if i.Loopback || a.IsLoopback() {
				loopback = append(loopback, a)
			} else {
				normal = append(normal, a)
			}
		}
	}
	switch n.cfg.Loopback {
	case LoopbackInclude:
		return append(normal, loopback...), nil
	case LoopbackExclude:
		return normal, nil
	case LoopbackOnly:
		return loopback, nil
	}
	if len(normal) == 0 {
		return loopback, nil
	}
	return normal, nil
}

func (n *Network) addrs() ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.addrsLocked()
}

// pionNet shows the agents our list of interfaces in place of the system's.
type pionNet struct {
	*stdnet.Net
	n *Network
}

func (n *Network) pion() pionNet { return pionNet{&stdnet.Net{}, n} }

// Interfaces implements transport.Net.
func (p pionNet) Interfaces() ([]*piontransport.Interface, error) {
	addrs, err := p.n.addrs()
	if err != nil {
		return nil, err
	}
	out := make([]*piontransport.Interface, 0, len(addrs))
	for i, a := range addrs {
		flags := net.FlagUp
		if a.IsLoopback() {
			flags |= net.FlagLoopback
		}
		o := piontransport.NewInterface(net.Interface{Index: i + 1, Name: "if" + strconv.Itoa(i), Flags: flags})
		o.AddAddress(&net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())})
		out = append(out, o)
	}
	return out, nil
}
