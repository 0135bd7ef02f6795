package ldap

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Bounds of what a server may send. go-ldap has none of its own that is not shared
// by the whole program.
const (
	maxEntry       = 32 << 20 // bytes of one message
	maxEntryValues = 500_000  // values of one message, and what holds them
	maxPage        = 64 << 20 // bytes between a question and the next
	maxRun         = 2 << 30  // bytes of one connection
	maxDepth       = 16       // of values in values: LDAP has 6
)

// Why a server is not listened to any longer.
var (
	errEntrySize  = errors.New("one entry is larger than 32 MiB")
	errEntryCount = errors.New("one entry has more than 500,000 values")
	errPageSize   = errors.New("one answer is larger than 64 MiB")
	errRunSize    = errors.New("all answers together are larger than 2 GiB")
	errNotLDAP    = errors.New("what came is not LDAP")
)

// guard is a connection that ends when the server sends more than it may. It looks
// at the frames of the messages as they come, before anything is made of them.
type guard struct {
	net.Conn
	mu    sync.Mutex
	cause error // why it ended; the first reason counts

	head    []byte  // of an element whose length is not known yet
	skip    int64   // bytes of a value that are still to come
	at      int64   // in the message
	ends    []int64 // of the elements that are open, from the message inwards
	values  int     // in the message
	page    int64   // bytes since the last question
	whole   int64   // bytes of the connection
	largest int64
}

func newGuard(conn net.Conn, largest int64) *guard { return &guard{Conn: conn, largest: largest} }

// ask begins a new answer.
func (g *guard) ask() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.page = 0
}

// end closes the connection, and keeps why.
func (g *guard) end(cause error) {
	g.mu.Lock()
	if g.cause == nil {
		g.cause = cause
	}
	g.mu.Unlock()
	_ = g.Close() // what it says is no news
}

// why is the reason for which the connection ended; nil: it has not.
func (g *guard) why() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cause
}

// Read reads for go-ldap. It gives nothing of a message that is out of bounds.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if err == nil {
		g.mu.Lock()
		err = g.look(p[:n])
		g.mu.Unlock()
	}
	if err != nil {
		g.end(err)
		return 0, err
	}
	return n, nil
}

// Write gives the server a minute to take a question.
func (g *guard) Write(p []byte) (int, error) {
	if err := g.SetWriteDeadline(time.Now().Add(operationPatience)); err != nil {
		return 0, err
	}
	n, err := g.Conn.Write(p)
	if err != nil {
		g.end(err)
	}
	return n, err
}

func (g *guard) look(p []byte) error {
	g.page += int64(len(p))
	g.whole += int64(len(p))
	if g.page > g.largest {
		return errPageSize
	}
	if g.whole > maxRun {
		return errRunSize
	}
	for len(p) > 0 {
		if g.skip > 0 {
			n := min(g.skip, int64(len(p)))
			g.skip, g.at, p = g.skip-n, g.at+n, p[n:]
			g.leave()
			continue
		}
		g.head = append(g.head, p[0])
		g.at, p = g.at+1, p[1:]
		if err := g.enter(); err != nil {
			return err
		}
	}
	return nil
}

// enter goes into an element once its length is known. LDAP knows lengths in
// advance, and small tags: RFC 4511, section 5.1.
func (g *guard) enter() error {
	if g.head[0]&0x1f == 0x1f {
		return errNotLDAP
	}
	if len(g.head) < 2 {
		return nil
	}
	length := int64(g.head[1])
	if length >= 0x80 {
		n := int(length & 0x7f)
		if n == 0 || n > 5 {
			return errNotLDAP
		}
		if len(g.head) < 2+n {
			return nil
		}
		length = 0
		for _, b := range g.head[2:] {
			length = length<<8 | int64(b)
		}
	}
	end, constructed := g.at+length, g.head[0]&0x20 != 0
	g.head = g.head[:0]
	g.values++
	switch {
	case end > maxEntry:
		return errEntrySize
	case g.values > maxEntryValues:
		return errEntryCount
	case len(g.ends) == 0 && !constructed, len(g.ends) > 0 && end > g.ends[len(g.ends)-1], len(g.ends) >= maxDepth:
		return errNotLDAP
	}
	if constructed {
		g.ends = append(g.ends, end)
	} else {
		g.skip = length
	}
	g.leave()
	return nil
}

// leave goes out of the elements that are over.
func (g *guard) leave() {
	if g.skip > 0 {
		return
	}
	for len(g.ends) > 0 && g.ends[len(g.ends)-1] == g.at {
		g.ends = g.ends[:len(g.ends)-1]
	}
	if len(g.ends) == 0 {
		g.at, g.values = 0, 0
	}
}
