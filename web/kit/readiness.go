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
	beat    time.Time         // the last heartbeat that the database took
	reasons map[string]string // against, by what was looked at
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
	news := r.reasons[what] != reason
	if r.reasons == nil {
		r.reasons = map[string]string{}
	}
	if reason == "" {
		delete(r.reasons, what)
	} else {
		r.reasons[what] = reason
	}
	return news
}

// Against says why no login could work; empty when one could.
func (r *Readiness) Against() string {
	if r == nil {
		return "nobody looks whether logins could work"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, reason := range r.reasons {
		all = append(all, reason)
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
