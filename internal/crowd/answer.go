package crowd

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/store"
)

// wantsJSON tells whether JSON is preferred to XML, which is the default.
func wantsJSON(accept []string) bool {
	best, isJSON := 0.0, false
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		if q > best {
			best, isJSON = q, kind == "application/json"
		}
	}
	return isJSON
}

// marshal writes one entity in the form that was asked for.
func (c *call) marshal(v any) ([]byte, error) {
	if c.json {
		return json.Marshal(v)
	}
	return xml.Marshal(v)
}

func (c *call) contentType() string {
	if c.json {
		return "application/json"
	}
	return "application/xml; charset=utf-8"
}

// answer sends one entity.
func (c *call) answer(status int, v any) error {
	data, err := c.marshal(v)
	if err != nil {
		return err
	}
	if !c.json {
		data = append([]byte(xml.Header), data...)
	}
	c.send(status, c.contentType(), data)
	return nil
}

func (c *call) send(status int, contentType string, data []byte) {
	c.note.Status = status
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(data) // the client that went away is not told
}

// conclude turns an error into an answer. It returns true when part of another
// answer is on its way already.
func (c *call) conclude(err error) bool {
	if err == nil {
		if c.note.Status == 0 {
			c.note.Status = http.StatusNoContent
			c.w.WriteHeader(http.StatusNoContent)
		}
		return false
	}
	f := c.explain(err)
	c.note.Reason = f.Reason
	if c.note.Status != 0 {
		return true
	}
	if f.status == http.StatusUnauthorized {
		// Crowd answers this one with a plain text.
		c.w.Header().Set("WWW-Authenticate", `BASIC realm="Crowd Application Authentication"`)
		c.send(f.status, "text/plain; charset=utf-8", []byte(f.Message))
		return false
	}
	if err := c.answer(f.status, f); err != nil {
		c.Logger.ErrorContext(c.ctx, "error not written", "error", err)
	}
	return false
}

func (c *call) explain(err error) *failure {
	var f *failure
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &tooLarge):
		return &failure{status: http.StatusRequestEntityTooLarge, Reason: reasonIllegal, Message: "The request is longer than 1 MiB."}
	case errors.Is(err, store.ErrTokenExpired):
		return &failure{status: http.StatusBadRequest, Reason: reasonTokenExpired,
			Message: "The event token has expired. A full synchronization is needed."}
	}
	if c.ctx.Err() == nil {
		c.Logger.ErrorContext(c.ctx, "request of an app failed", "app", c.note.App, "path", c.note.Path, "error", err)
	}
	status := http.StatusInternalServerError
	if store.Unreachable(err) {
		status = http.StatusServiceUnavailable
		c.w.Header().Set("Retry-After", "30")
	}
	return &failure{status: status, Reason: reasonFailed, Message: "Postern could not answer. Its log says why."}
}

// flushAt is how much of a long answer is collected before it is sent, in
// bytes; writeTime is how long the client may take for each such part.
const (
	flushAt   = 32 << 10
	writeTime = time.Minute
)

// stream is a long answer that is sent while it is made. Until the first part is
// sent, an error still becomes an answer of its own.
type stream struct {
	c     *call
	buf   bytes.Buffer
	xml   *xml.Encoder // writes to buf
	comma bool
}

func (c *call) stream() *stream {
	s := &stream{c: c}
	s.xml = xml.NewEncoder(&s.buf)
	return s
}

// text adds what is in the form already.
func (s *stream) text(parts ...string) {
	for _, p := range parts {
		s.buf.WriteString(p)
	}
}

// item adds an element of a list.
func (s *stream) item(v any) error {
	s.next()
	if !s.c.json {
		if err := s.xml.Encode(v); err != nil {
			return err
		}
		return s.flush(flushAt)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	s.buf.Write(data)
	return s.flush(flushAt)
}

// next separates elements.
func (s *stream) next() {
	if s.comma && s.c.json {
		s.buf.WriteByte(',')
	}
	s.comma = true
}

// flush sends what was collected when it is at least so much.
func (s *stream) flush(least int) error {
	if s.buf.Len() < least {
		return nil
	}
	if s.c.note.Status == 0 {
		s.c.note.Status = http.StatusOK
		s.c.w.Header().Set("Content-Type", s.c.contentType())
		s.c.w.WriteHeader(http.StatusOK)
	}
	// Where the connection has no deadlines, there is none to extend. When the one
	// for reading passes, the server takes it for a client that went away.
	conn := http.NewResponseController(s.c.w)
	_ = conn.SetReadDeadline(time.Time{})
	_ = conn.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := s.c.w.Write(s.buf.Bytes())
	s.buf.Reset()
	return err
}

// list sends a list whose elements fill gives one by one.
func (c *call) list(plural, singular string, fill func(*stream) error) error {
	s := c.stream()
	if c.json {
		s.text(`{"expand":"`, singular, `","`, plural, `":[`)
	} else {
		s.text(xml.Header, "<", plural, ` expand="`, singular, `">`)
	}
	if err := fill(s); err != nil {
		return err
	}
	if c.json {
		s.text("]}")
	} else {
		s.text("</", plural, ">")
	}
	return s.flush(0)
}

// escaped is a text as it stands in an attribute of XML or a string of JSON.
func (s *stream) escaped(text string) {
	if s.c.json {
		data, _ := json.Marshal(text) // strings always marshal
		s.buf.Write(data)
		return
	}
	_ = xml.EscapeText(&s.buf, []byte(text)) // a buffer takes everything
}
