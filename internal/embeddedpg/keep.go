package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

const (
	// Pauses between attempts to start a server that ended grow from the first to
	// the last, so that a full disk costs little and its end is noticed soon.
	firstPause = 100 * time.Millisecond
	lastPause  = 4 * time.Second

	// lookEvery is how often a server that is not our child is looked at.
	lookEvery = 250 * time.Millisecond

	// noRoom is what is left of a disk, in bytes, on which nothing can be written.
	noRoom = 1 << 20
)

// State says how the private PostgreSQL is. The zero value is a server that runs.
type State struct {
	Since  time.Time // when it ended; zero: it runs
	Reason string    // why it ended, or cannot be started, in a sentence's middle
}

// Down tells whether the server is not there.
func (s State) Down() bool { return !s.Since.IsZero() }

// State says how the server is now. Nobody is asked.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// OnChange calls f whenever the server has ended, another reason is in the way of
// its start, or it is back; at once, if it is down already. There is one f; it must
// not call back.
func (s *Server) OnChange(f func(State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = f
	if s.state.Down() {
		f(s.state)
	}
}

func (s *Server) setState(now State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == now {
		return
	}
	s.state = now
	if s.changed != nil {
		s.changed(now)
	}
}

// keep starts the server again whenever it has ended, until ctx does. It works on
// s.post, which nobody else touches meanwhile.
func (s *Server) keep(ctx context.Context) {
	log := s.cluster.log
	for s.post.wait(ctx) == nil {
		down := State{Since: time.Now(), Reason: s.cluster.reason(s.post)}
		log.ErrorContext(ctx, "The private database has ended. Postern starts it again.", "reason", down.Reason, "log", s.cluster.serverLog())
		s.setState(down)
		if !s.restart(ctx, down) {
			return
		}
		log.InfoContext(ctx, "The private database is back.", "after", time.Since(down.Since).Round(time.Millisecond))
		s.setState(State{})
	}
}

// restart tries until the server answers or ctx ends, and tells which.
func (s *Server) restart(ctx context.Context, down State) bool {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
		post, conn, err := s.cluster.run(ctx)
		if post != nil {
			s.post = post
		}
		if err == nil {
			_ = conn.Close(ctx) // a failed goodbye changes nothing
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		var ended *endedError
		reason := err.Error()
		if errors.As(err, &ended) {
			reason = ended.reason
		}
		if reason != down.Reason {
			down.Reason = reason
			s.cluster.log.ErrorContext(ctx, "The private database cannot be started yet. Postern goes on trying.", "reason", reason, "error", err)
			s.setState(down)
		}
	}
}

// wait waits until the server has ended. The error is ctx's.
func (p *postmaster) wait(ctx context.Context) error {
	if p.done != nil {
		select {
		case <-ctx.Done():
		case <-p.done:
		}
		return ctx.Err()
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for p.running() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return ctx.Err()
}

// reason is why a server ended, as its log or the system says. On a full disk
// there is no room for its words either.
func (c *cluster) reason(p *postmaster) string {
	if said := lastComplaint(c.said(p.logFrom)); said != "" {
		return said
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(c.data, &disk); err == nil && uint64(disk.Bavail)*uint64(disk.Bsize) < noRoom {
		return "the disk of the database is full"
	}
	if p.status != nil && *p.status != "" {
		return "PostgreSQL ended without a word (" + *p.status + ")"
	}
	return "PostgreSQL is gone and left no word in its log"
}

// endedError says that a server ended instead of answering.
type endedError struct {
	reason string // in the middle of a sentence
	log    string // where its words are
	last   string // and how they end
}

func (e *endedError) Error() string {
	return fmt.Sprintf("the private database did not start: %s. Its log %s ends with\n%s", e.reason, e.log, e.last)
}
