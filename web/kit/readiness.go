package kit

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// staleAfter is how old the last heartbeat may be. There is one every five
// seconds, and each has as long to succeed.
const staleAfter = 15 * time.Second

// Readiness is what is known of whether a login could work: who asks is answered
// from memory, so that strangers cause no work. Whoever runs the process keeps it
// up to date. The zero value is not ready.
type Readiness struct {
	Now func() time.Time // nil: time.Now

	mu      sync.Mutex
	beat    time.Time           // the last heartbeat that the database took
	reasons map[string]Obstacle // against, by what was looked at
	past    []Obstacle          // what is over, the newest last
}

// Obstacle is something that was in the way of logins, as this process saw it.
type Obstacle struct {
	Reason       string    // the last one, in the middle of a sentence
	Since, Until time.Time // Until is zero while it lasts
}

// maxPast bounds what is remembered of obstacles that are over.
const maxPast = 20

// Obstacles are those that last, and those that ended after a time, the newest first.
func (r *Readiness) Obstacles(after time.Time) []Obstacle {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Obstacle
	for _, o := range r.reasons {
		all = append(all, o)
	}
	for _, o := range r.past {
		if o.Until.After(after) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b Obstacle) int { return b.Since.Compare(a.Since) })
	return all
}

// Beat says that the database took what was written.
func (r *Readiness) Beat() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beat = r.now()
}

// Judge says what was found when something was looked at; an empty reason that
// nothing is against it. It returns whether that is news.
func (r *Readiness) Judge(what, reason string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, there := r.reasons[what]
	if before.Reason == reason {
		return false
	}
	if r.reasons == nil {
		r.reasons = map[string]Obstacle{}
	}
	if reason == "" {
		before.Until = r.now()
		r.past = append(r.past, before)
		r.past = r.past[max(0, len(r.past)-maxPast):]
		delete(r.reasons, what)
		return true
	}
	if !there {
		before.Since = r.now()
	}
	before.Reason = reason
	r.reasons[what] = before
	return true
}

// Against says why no login could work; empty when one could.
func (r *Readiness) Against() string {
	if r == nil {
		return "nobody looks whether logins could work"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, o := range r.reasons {
		all = append(all, o.Reason+" (since "+o.Since.UTC().Format(time.RFC3339)+")")
	}
	slices.Sort(all)
	switch {
	case len(all) > 0:
	case r.beat.IsZero():
		all = []string{"it starts: nothing was written to the database yet"}
	case r.now().Sub(r.beat) > staleAfter:
		all = []string{fmt.Sprintf("the database took nothing since %s", r.beat.UTC().Format(time.RFC3339))}
	}
	return strings.Join(all, "; ")
}

func (r *Readiness) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}
