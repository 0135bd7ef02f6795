package throttle

import (
	"container/list"
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// memoryKeys is how many windows a Memory keeps: some 15 MB. Whoever has as many
// networks to fail from is not slowed down by counts anyway.
const memoryKeys = 100_000

// Memory is a Store in the memory of this process. Of what is counted it keeps
// the newest windows, however many keys there are and however long they are.
type Memory struct {
	seed maphash.Seed // nobody can make keys that fall together

	mu     sync.Mutex
	most   int
	counts map[uint64]*list.Element
	age    *list.List // of *window, the one whose window began first in front
}

type window struct {
	key   uint64
	n     int
	until time.Time
}

func (w *window) count() Count { return Count{N: float64(w.n), Until: w.until} }

// holds tells whether now is in the window. When the clock was set back, the
// window lies ahead and holds nothing: it must not go on for as long as that.
func (w *window) holds(now time.Time, length time.Duration) bool {
	return now.Before(w.until) && !now.Before(w.until.Add(-length))
}

// NewMemory makes a store without counts. Each limiter needs its own.
func NewMemory() *Memory {
	return &Memory{seed: maphash.MakeSeed(), most: memoryKeys, counts: map[uint64]*list.Element{}, age: list.New()}
}

// Add implements Store.
func (m *Memory) Add(_ context.Context, key string, now time.Time, length time.Duration) (Count, error) {
	id := maphash.String(m.seed, key)
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.counts[id]
	if e == nil || !windowOf(e).holds(now, length) {
		m.forget(e)
		m.makeRoom(now)
		e = m.age.PushBack(&window{key: id, until: now.Add(length)})
		m.counts[id] = e
	}
	w := windowOf(e)
	w.n++
	return w.count(), nil
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, key string, now time.Time, length time.Duration) (Count, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.counts[maphash.String(m.seed, key)]
	if e == nil || !windowOf(e).holds(now, length) {
		return Count{}, nil
	}
	return windowOf(e).count(), nil
}

// TakeBack implements Store.
func (m *Memory) TakeBack(_ context.Context, key string, until time.Time, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.counts[maphash.String(m.seed, key)]; e != nil && windowOf(e).until.Equal(until) && windowOf(e).n > 0 {
		windowOf(e).n--
	}
	return nil
}

// makeRoom forgets the windows that have ended, and the oldest when there are
// as many as may be.
func (m *Memory) makeRoom(now time.Time) {
	for e := m.age.Front(); e != nil && (len(m.counts) >= m.most || !now.Before(windowOf(e).until)); e = m.age.Front() {
		m.forget(e)
	}
}

func (m *Memory) forget(e *list.Element) {
	if e != nil {
		delete(m.counts, windowOf(e).key)
		m.age.Remove(e)
	}
}

func windowOf(e *list.Element) *window { return e.Value.(*window) } // nothing else is put in
