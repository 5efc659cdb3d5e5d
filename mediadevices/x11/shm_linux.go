package x11

import (
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"
	"golang.org/x/sys/unix"

	"trackway/internal/domerr"
)

// sharedMemory is a segment that the server draws into (MIT-SHM).
type sharedMemory struct {
	conn    *xgb.Conn
	segment shm.Seg
	data    []byte
}

// newSharedMemory returns nil where the server cannot or may not share memory.
func newSharedMemory(conn *xgb.Conn, size int) *sharedMemory {
	if shm.Init(conn) != nil {
		return nil
	}
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, size, unix.IPC_CREAT|0o600)
	if err != nil {
		return nil
	}
	// Marked at once to go when nobody is attached any more, even after a crash.
	defer func() { _, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) }()
	data, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return nil
	}
	segment, err := shm.NewSegId(conn)
	if err == nil {
		err = shm.AttachChecked(conn, segment, uint32(id), false).Check()
	}
	if err != nil {
		_ = unix.SysvShmDetach(data)
		return nil
	}
	return &sharedMemory{conn: conn, segment: segment, data: data}
}

func (m *sharedMemory) grab(s *screen) ([]byte, error) {
	_, err := shm.GetImage(s.conn, xproto.Drawable(s.root), 0, 0, uint16(s.width), uint16(s.height), 0xffffffff,
		xproto.ImageFormatZPixmap, m.segment, 0).Reply()
	if err != nil {
		return nil, domerr.Wrap(err, domerr.NotReadable, "the screen cannot be read")
	}
	return m.data, nil
}

func (m *sharedMemory) close() {
	if m != nil {
		shm.Detach(m.conn, m.segment)
		_ = unix.SysvShmDetach(m.data)
	}
}
