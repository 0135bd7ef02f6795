package people

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// pin keeps a field of a user from the source that is the user's home.
func (rm *Room) pin(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	f := people.PinForm{Field: model.PinField(r.PostFormValue(people.FieldPin)), Reason: kit.Typed(r, people.FieldPinReason),
		Until: kit.Typed(r, people.FieldPinUntil)}
	pin := model.Pin{By: a.Email, At: rm.Now(), Reason: f.Reason}
	say := func(field, text string) { f.Problems = append(f.Problems, model.Problem{Field: field, Text: text}) }
	if !slices.Contains(model.PinFields(), f.Field) {
		say(people.FieldPin, "Choose what to pin.")
	}
	if f.Reason == "" {
		say(people.FieldPinReason, "Say why, for whoever comes after you.")
	}
	f.Problems = append(f.Problems, kit.Judged(people.FieldPinReason, "The reason", f.Reason, model.CheckDescription)...)
	if f.Until != "" {
		day, err := time.Parse(time.DateOnly, f.Until)
		pin.Until = day.AddDate(0, 0, 1)
		if err != nil || !pin.Until.After(rm.Now()) {
			say(people.FieldPinUntil, "Choose a day that is not over, or leave it empty.")
		}
	}
	if len(f.Problems) > 0 {
		return rm.renderUser(w, r, a, u, func(v *people.UserPage) { v.Pin = f })
	}
	err = rm.Store.SetPins(r.Context(), rm.Actor(r, a), u.Username, func(pins model.Pins) error { pins[f.Field] = pin; return nil })
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.User(u.Username), "Pinned: "+people.PinWord(f.Field)+".")
}

// unpin gives a field back to the source.
func (rm *Room) unpin(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	field := model.PinField(r.PostFormValue(people.FieldPin))
	err = rm.Store.SetPins(r.Context(), rm.Actor(r, a), u.Username, func(pins model.Pins) error {
		if _, pinned := pins[field]; !pinned {
			return store.ErrNotFound
		}
		delete(pins, field)
		return nil
	})
	if err != nil {
		return err
	}
	done := "The pin of " + people.PinWord(field) + " was taken away."
	if u.Home != "" {
		done += " The source's next run may change it."
	}
	return rm.Done(w, r, paths.User(u.Username), done)
}

// keepOwned puts in what the user's home says of fields that the form does not have,
// and returns which fields were changed although the home says them.
func (rm *Room) keepOwned(r *http.Request, u model.User) ([]model.Problem, error) {
	if u.Home == "" {
		return nil, nil
	}
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	pins, err := rm.Store.Pins(r.Context(), u.ID)
	if err != nil {
		return nil, err
	}
	var problems []model.Problem
	for field, owner := range map[string]struct {
		pin model.PinField
		now string
	}{
		"username": {model.PinUsername, u.Username}, "email": {model.PinEmail, u.Email}, "display_name": {model.PinName, u.DisplayName},
		"first_name": {model.PinName, u.FirstName}, "last_name": {model.PinName, u.LastName},
	} {
		if pins.Holds(owner.pin, rm.Now()) {
			continue
		}
		if r.PostForm.Has(field) && kit.Typed(r, field) != owner.now {
			problems = append(problems, model.Problem{Field: field, Text: "The source that is this user's home says the " + people.PinWord(owner.pin) +
				". Pin it first to change it here."})
		}
		r.PostForm.Set(field, owner.now)
	}
	return problems, nil
}
