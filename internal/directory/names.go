package directory

import (
	"fmt"
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// settleNames puts the changes into an order in which each username is free when it is
// claimed, and leaves out claims for which there is none.
func (p *planner) settleNames() {
	for p.refuseClaims() || p.order() { // whoever keeps a name may be in another's way
	}
	p.changes = slices.DeleteFunc(p.changes, func(c *pending) bool { return c.gone })
}

// refuseClaims leaves out claims of a name that another claims too, or that somebody
// keeps. It tells whether there was one.
func (p *planner) refuseClaims() bool {
	claimants, freed := map[string]int{}, map[string]bool{}
	for _, c := range p.changes {
		if c.claims == "" {
			continue
		}
		claimants[c.claims]++
		if c.UserID != "" {
			freed[model.Key(c.Before.Username)] = true
		}
	}
	refused := false
	for _, c := range p.changes {
		holder := p.named[c.claims]
		switch {
		case c.claims == "":
		case claimants[c.claims] > 1:
			p.refuse(c, model.ConflictUsernameTwice, fmt.Sprintf("Two people of the source claim the username “%s”.", c.After.Username), "")
			refused = true
		case holder != nil && holder.ID != c.UserID && !freed[c.claims]:
			p.refuse(c, model.ConflictUsernameTaken, fmt.Sprintf("Is called “%s” in the source, but that is the username of another user here.",
				c.After.Username), holder.ID)
			refused = true
		}
	}
	return refused
}

// refuse takes a claim out of the plan. Who is there keeps the username and gets the rest.
func (p *planner) refuse(c *pending, kind model.LeftOutKind, detail, holder string) {
	users := slices.DeleteFunc([]string{c.UserID, holder}, func(id string) bool { return id == "" })
	p.leaveOut(kind, c.StableID, c.After.Username, detail, users...)
	for _, other := range p.byUser[c.UserID] { // what is switched off or on goes along
		if other != c {
			other.Before.Username, other.After.Username = c.Before.Username, c.Before.Username
		}
	}
	c.claims, c.After.Username = "", c.Before.Username
	switch {
	case c.Kind == model.SourceCreated:
		delete(p.made, c.StableID)
		c.gone = true
	case c.Kind == model.SourceRenamed && c.Before == c.After:
		c.gone = true
	case c.Kind == model.SourceRenamed:
		c.Kind, c.Why = model.SourceUpdated, "because the source says so"
	}
}

// States of a change while changes are put in order.
const (
	waiting = iota
	entered
	placed
)

// order places each change behind the one that frees the name it claims. A ring of
// claims has no beginning: the claim that closes it is left out, and it tells so.
func (p *planner) order() bool {
	freeing := map[string]*pending{}
	for _, c := range p.changes {
		c.state = waiting
		if c.claims != "" && c.UserID != "" {
			freeing[model.Key(c.Before.Username)] = c
		}
	}
	ordered := make([]*pending, 0, len(p.changes))
	for _, c := range p.changes {
		chain := []*pending{} // each waits for the next
		for c != nil && c.state == waiting {
			c.state = entered
			chain = append(chain, c)
			c = freeing[c.claims]
		}
		if c != nil && c.state == entered {
			last := chain[len(chain)-1]
			p.refuse(last, model.ConflictUsernameTaken, fmt.Sprintf("Is called “%s” in the source, whose user here is to get a name that waits for this one: "+
				"rename one of them by hand.", last.After.Username), c.UserID)
			return true
		}
		for _, each := range slices.Backward(chain) {
			each.state = placed
			ordered = append(ordered, each)
		}
	}
	p.changes = ordered
	return false
}
