package access

import (
	"errors"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/paths"
)

// showClaim is the first page of a new Postern: the link printed at the first
// start makes whoever holds it the owner.
func (rm *Room) showClaim(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	valid, err := rm.Store.ClaimTokenValid(r.Context(), token, rm.Now())
	if err != nil {
		return err
	}
	if !valid {
		return rm.refuseClaim(w, r, nil)
	}
	return rm.Render(w, r, http.StatusOK, access.Claim(access.ClaimForm{Token: token}))
}

func (rm *Room) refuseClaim(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusForbidden, access.ClaimRefused())
}

func (rm *Room) claim(w http.ResponseWriter, r *http.Request) error {
	form := access.ClaimForm{
		Token: r.PostFormValue("token"),
		Email: model.Canonical(r.PostFormValue("email")),
	}
	// Before a password is hashed: that is work, and anybody may ask for it.
	if valid, err := rm.Store.ClaimTokenValid(r.Context(), form.Token, rm.Now()); err != nil || !valid {
		return rm.refuseClaim(w, r, err)
	}
	password := r.PostFormValue("password")
	if err := model.CheckEmail(form.Email); err != nil {
		form.Problems = append(form.Problems, model.Problem{Field: "email", Text: "Email " + err.Error() + "."})
	}
	if text := CheckPassword(password, form.Email); text != "" {
		form.Problems = append(form.Problems, model.Problem{Field: "password", Text: text})
	} else if password != r.PostFormValue("repeat") {
		form.Problems = append(form.Problems, model.Problem{Field: "repeat", Text: "The two passwords differ. Type the same one twice."})
	}
	if len(form.Problems) > 0 {
		return rm.Render(w, r, http.StatusUnprocessableEntity, access.Claim(form))
	}
	hash, err := HashPassword(r.Context(), password)
	if err != nil {
		return err
	}
	a, err := rm.Store.Claim(r.Context(), model.Actor{Name: "claim link", RemoteAddr: rm.RemoteAddr(r)}, form.Token, rm.Now(), model.Administrator{
		Email: strings.TrimSpace(form.Email), PasswordHash: hash, Role: model.RoleOwner,
	})
	if errors.Is(err, store.ErrNotFound) {
		return rm.refuseClaim(w, r, nil)
	}
	if err != nil {
		return err
	}
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), "administrator.sign_in", a.Email, "by "+string(model.ByClaimLink)); err != nil {
		return err
	}
	if err := rm.Store.RecordSignin(r.Context(), a.ID, rm.Now()); err != nil {
		return err
	}
	if err := rm.StartAdminSession(w, r, a, model.ByClaimLink); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Overview, "This Postern is yours. Set up the first connection next.")
}
