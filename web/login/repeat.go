package login

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/kit"
)

// repeat is for an answer that was used before. In the browser that it signed in,
// and that is still signed in by it, it leads where that login went: somebody
// clicked twice, or went back. From anywhere else it is refused.
func (rm *Room) repeat(w http.ResponseWriter, r *http.Request, a attempt, refusal *model.Refusal) error {
	there, err := rm.LivingLogin(r)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	if err != nil || a.assertion == "" || there.Assertion != a.assertion || there.Connection != a.connection.Slug {
		return rm.refuseCounted(w, r, a, refusal)
	}
	if err := rm.Store.NoteRepetition(r.Context(), there.Login, rm.Now()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	w.Header().Set(HeaderLogin, there.Login)
	rm.Log.InfoContext(r.Context(), "the same answer again, in the browser that it signed in", "login", there.Login, "connection", there.Connection)
	return kit.SeeOther(w, r, there.To)
}
