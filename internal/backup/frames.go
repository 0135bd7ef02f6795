package backup

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Kinds of frames, in the order in which they come.
const (
	kindHeader    = 'H'
	kindKey       = 'K'
	kindTable     = 'T' // begins a table
	kindData      = 'D' // some of its rows
	kindTableEnd  = 'E'
	kindSequences = 'S'
	kindEnd       = 'Z'
)

const (
	frameSize = 256 << 10 // what is put into one at most
	maxFrame  = 4 << 20   // what is taken of one
)

// table begins the rows of a table.
type table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// tableEnd ends them.
type tableEnd struct {
	Rows int64 `json:"rows"`
}

// sequence is where the numbers of a table's column go on.
type sequence struct {
	Table  string `json:"table"`
	Column string `json:"column"`
	Last   int64  `json:"last"`
	Called bool   `json:"called"`
}

// end says how much there was.
type end struct {
	Tables int   `json:"tables"`
	Rows   int64 `json:"rows"`
}

type frameWriter struct{ w io.Writer }

func (f frameWriter) put(kind byte, data []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(data))) //nolint:gosec // at most frameSize
	if _, err := f.w.Write(head); err != nil {
		return err
	}
	_, err := f.w.Write(data)
	return err
}

func (f frameWriter) putJSON(kind byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return f.put(kind, data)
}

// Write puts rows into frames.
func (f frameWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), frameSize)
		if err := f.put(kindData, p[:n]); err != nil {
			return written, err
		}
		written, p = written+n, p[n:]
	}
	return written, nil
}

type frameReader struct{ r io.Reader }

func (f frameReader) next() (kind byte, data []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return 0, nil, damaged(err)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxFrame {
		return 0, nil, damaged(fmt.Errorf("a part of %d bytes", size))
	}
	data = make([]byte, size)
	if _, err := io.ReadFull(f.r, data); err != nil {
		return 0, nil, damaged(err)
	}
	return head[0], data, nil
}

// want reads a frame that must be of this kind.
func (f frameReader) want(kind byte, into any) error {
	got, data, err := f.next()
	if err != nil {
		return err
	}
	return decode(got, data, kind, into)
}

// decode makes of a frame what it must be.
func decode(got byte, data []byte, kind byte, into any) error {
	if got != kind {
		return damaged(fmt.Errorf("part %q where %q is expected", got, kind))
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = data
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return damaged(err)
	}
	return nil
}

// rows are the rows of one table as a stream, which ends with the frame that ends
// the table.
type rows struct {
	frames frameReader
	left   []byte
	end    *tableEnd // once it was read
	err    error     // why it cannot be read on
}

func (r *rows) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if r.end != nil {
			return 0, io.EOF
		}
		kind, data, err := r.frames.next()
		switch {
		case err != nil:
			r.err = err
			return 0, err
		case kind == kindData:
			r.left = data
		case kind == kindTableEnd:
			r.end = new(tableEnd)
			if err := json.Unmarshal(data, r.end); err != nil {
				return 0, damaged(err)
			}
		default:
			return 0, damaged(fmt.Errorf("part %q within a table", kind))
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func damaged(err error) error { return fmt.Errorf("%w (%w)", ErrDamaged, err) }
