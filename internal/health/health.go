// Package health says how a connection or an app does, from what happened and
// not from how it is set up: evidence in, a state and its reasons with the cure
// out. Overview, pages, doctor and metrics read the same. It is pure: no HTTP, no
// SQL.
package health

import (
	"time"
)

// State is how something does.
type State string

// The states. The zero value is none of them.
const (
	None State = "none" // nothing to judge: it was never seen
	Good State = "good" // it works: a success came after the last failure of each kind
	Warn State = "warn" // somebody should look, or it waits for somebody
	Bad  State = "bad"  // people cannot do what it is for
)

// States are all of them, the worst last.
var States = []State{None, Good, Warn, Bad}

// worse tells whether s is worse than other.
func (s State) worse(other State) bool { return rank(s) > rank(other) }

func rank(s State) int {
	for i, known := range States {
		if s == known {
			return i
		}
	}
	return len(States) // not a state: it must not pass for a good one
}

// Place is where the cure of a reason is; the pages know its address.
type Place string

// Places.
const (
	AtConnection   Place = "connection"
	AtSetup        Place = "setup"
	AtCertificates Place = "certificates"
	AtLogin        Place = "login"     // Reason.Login, which was refused
	AtSignIn       Place = "signed_in" // Reason.Login, which was not
	AtLogins       Place = "logins"    // of the connection: those that were refused
	AtApp          Place = "app"
	AtSource       Place = "source"
)

// Reason is one thing that is the case, with what shows it and what helps.
type Reason struct {
	ID       string // permanent
	State    State  // what it makes of the whole; None: worth knowing, and no more
	Title    string // a sentence without its full stop
	Evidence string // sentences
	Cure     string // sentences; empty: see the place
	Since    time.Time
	When     string // what happened then, before how long ago: "The first was"
	Place    Place
	Login    string // reference of the newest login that shows it
	Waits    bool   // for a person, though nothing is wrong yet
}

// Health is how one thing does. Word and At belong together: "Last sign-in" and
// when. A zero At stands for nothing.
type Health struct {
	State   State
	Word    string
	At      time.Time
	Reasons []Reason // the worst first
}

// Stopped is the reason why nobody can sign in now; nil: people can, as far as
// can be told.
func (h Health) Stopped() *Reason {
	for i, r := range h.Reasons {
		if r.State == Bad {
			return &h.Reasons[i]
		}
	}
	return nil
}

// Has tells whether a reason is among them.
func (h Health) Has(id string) bool {
	for _, r := range h.Reasons {
		if r.ID == id {
			return true
		}
	}
	return false
}

// add keeps the worst first, and those that are equally bad in the order in which
// they came.
func (h *Health) add(r Reason) {
	at := len(h.Reasons)
	for at > 0 && r.State.worse(h.Reasons[at-1].State) {
		at--
	}
	h.Reasons = append(h.Reasons, Reason{})
	copy(h.Reasons[at+1:], h.Reasons[at:])
	h.Reasons[at] = r
	if r.State.worse(h.State) {
		h.State = r.State
	}
}

// were is the verb that agrees with a number.
func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
