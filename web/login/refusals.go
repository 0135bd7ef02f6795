package login

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/throttle"
	"github.com/postern-sso/postern/templates/failure"
)

// Refused answers of AWS per minute and network. Anybody can send what is
// refused; a whole company may sit behind one network.
const (
	refusalsPerMinute = 600                   // that leave a trace each; further ones share one
	judgedPerMinute   = 5 * refusalsPerMinute // that are judged at all
)

// refusals counts refused answers of AWS by network. Logins that work are not
// counted.
type refusals struct {
	*throttle.Limiter
	now func() time.Time

	mu     sync.Mutex
	minute time.Time
	shared map[string]string // network to the trace that its refusals of this minute share
}

func newRefusals(now func() time.Time) *refusals {
	return &refusals{Limiter: throttle.New(throttle.Sliding(throttle.NewMemory()), time.Minute, now), now: now}
}

func (f *refusals) thisMinute() time.Time { return f.now().Truncate(time.Minute) }

// share is the trace that the refusals of a network have in common in this
// minute: the one offered, when it is the first.
func (f *refusals) share(network, offered string) (id string, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.thisMinute(); !now.Equal(f.minute) {
		f.minute, f.shared = now, map[string]string{}
	}
	if id, ok := f.shared[network]; ok {
		return id, false
	}
	f.shared[network] = offered
	return offered, true
}

// sharing tells whether a network has a shared trace in this minute.
func (f *refusals) sharing(network string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.shared[network]
	return ok && f.minute.Equal(f.thisMinute())
}

// flooded tells whether an answer is not even judged. One that comes back with a
// request of this browser always is: those are bounded by how many may start.
func (rm *Room) flooded(ctx context.Context, a *attempt, network string) (bool, error) {
	if a.ours || !rm.Refusals.sharing(network) {
		return false, nil
	}
	return rm.Refusals.Exceeded(ctx, throttle.Limit{Key: network, Most: judgedPerMinute})
}

// notJudged refuses what is not looked at.
func notJudged() *model.Refusal {
	return sso.Refuse(model.CauseNotJudged, "", "", "The answer was not judged: too many others from the same network were refused.")
}

// refuseCounted ends a refused answer and counts it for its network.
func (rm *Room) refuseCounted(w http.ResponseWriter, r *http.Request, a attempt, refusal *model.Refusal) error {
	network := model.NetworkOf(a.login.RemoteAddr)
	if err := rm.Refusals.Failed(r.Context(), network); err != nil {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	tooMany, err := rm.Refusals.Exceeded(r.Context(), throttle.Limit{Key: network, Most: refusalsPerMinute})
	if err != nil {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	if a.ours || !tooMany {
		return rm.refuseAttempt(w, r, a, refusal)
	}
	return rm.refuseShared(w, r, a, network, refusal)
}

// refuseShared refuses with one trace a minute for the whole network, without
// the message, so that what is stored stays bounded whatever is sent.
func (rm *Room) refuseShared(w http.ResponseWriter, r *http.Request, a attempt, network string, refusal *model.Refusal) error {
	id, first := rm.Refusals.share(network, a.login.ID)
	a.login.ID, a.login.XMLSealed = id, nil
	a.login.Outcome, a.login.FinishedAt = model.OutcomeRefused, rm.Now()
	a.login.Refusal = &model.Refusal{Code: refusal.Code, Cause: refusal.Cause, Expected: refusal.Expected, Received: refusal.Received, Detail: refusal.Detail +
		" So many answers from this network were refused that those of this minute are not listed one by one: this is the first of them."}
	if first {
		if _, err := rm.Store.SaveLogin(r.Context(), a.login); err != nil {
			return rm.RefuseInternal(w, r, a.login, err)
		}
	}
	rm.countLogin(r.Context(), a.login)
	w.Header().Set(HeaderLogin, id)
	w.Header().Set("Retry-After", "60")
	return rm.Render(w, r, http.StatusTooManyRequests, failure.TooMany())
}
