package web_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// A copy that follows the events is the same as one that is read anew, whatever
// happens between two looks: names change hands, people and groups come and go.
func TestCrowdCopyFollows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
			s.SecondApp()
			random := rand.New(rand.NewPCG(1, seed))
			c := s.NewCopy(t)
			token := c.FullSync(s, func() {})
			for range 40 {
				for range 1 + random.IntN(12) {
					s.ChangeSomething(random)
				}
				token = c.Follow(s, token, func() {})
				c.Compare(s)
			}
			if c.Followed < 5 {
				t.Errorf("the copy followed the events %d times of 40", c.Followed)
			}
		})
	}
}

// Whatever happens between two requests of a full synchronization, the news after
// it make the copy whole.
func TestCrowdCopyIsWholeAfterChangesWhileReading(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
			s.SecondApp()
			random := rand.New(rand.NewPCG(2, seed))
			changes := func() {
				for range random.IntN(5) {
					s.ChangeSomething(random)
				}
			}
			c := s.NewCopy(t)
			for range 25 {
				token := c.FullSync(s, changes)
				c.Follow(s, token, func() {})
				c.Compare(s)
			}
			if c.Followed < 5 {
				t.Errorf("the copy followed the events %d times of 25", c.Followed)
			}
		})
	}
}
