package crowd

import (
	"sync"
	"time"
)

// How many positions are remembered, and how long.
const (
	maxPositions = 4096
	positionLife = 15 * time.Minute
)

// positions remembers behind which name the next page of a list begins. Apps
// ask by number; when somebody is removed meanwhile, the numbers move, and the
// app would miss a person and take them for deleted.
type positions struct {
	now   func() time.Time
	mu    sync.Mutex
	known map[positionKey]position
}

type positionKey struct {
	list  string
	index int
}

type position struct {
	after string
	until time.Time
}

func newPositions(now func() time.Time) *positions {
	return &positions{now: now, known: map[positionKey]position{}}
}

// at is the key of the name after which a list goes on at an index; empty when
// that is not known.
func (p *positions) at(list string, index int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.known[positionKey{list, index}]
	if p.now().After(found.until) {
		return ""
	}
	return found.after
}

func (p *positions) remember(list string, index int, after string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if len(p.known) >= maxPositions {
		for key, old := range p.known {
			if now.After(old.until) {
				delete(p.known, key)
			}
		}
		if len(p.known) >= maxPositions {
			clear(p.known)
		}
	}
	p.known[positionKey{list, index}] = position{after, now.Add(positionLife)}
}
