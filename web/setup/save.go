package setup

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// urlFixedFor tells whether somebody cannot change the public URL: all that is
// made of it, passkeys too, is an owner's matter.
func (rm *Room) urlFixedFor(a model.Administrator) bool {
	return rm.Opts.PublicURLFixed || a.Role != model.RoleOwner
}

// guardedMove is the public URL that a step asks for and may not set by itself;
// empty: there is none, or the step may. It is taken out of the draft.
func (rm *Room) guardedMove(r *http.Request, a model.Administrator, sc SetupCase, draft *wizard.Draft) (string, error) {
	to := draft.PublicURL
	if to == "" {
		return "", nil
	}
	free, err := rm.nothingAtStake(r, a, sc, to)
	switch {
	case err != nil:
		return "", err
	case !free:
		draft.PublicURL = ""
		if sc.Draft.Ticks[string(wizard.StepAWSApplication)] { // AWS has the right values until it is changed
			draft.Ticks[string(wizard.StepAWSApplication)] = true
		}
		return to, nil
	case !rm.SteppedUp(r):
		return "", kit.ErrStepUp
	}
	return "", nil
}

// nothingAtStake tells whether another public URL stops nothing: it is the address
// that this very browser is using, this is the first connection and was never
// live, and there are neither apps nor passkeys.
func (rm *Room) nothingAtStake(r *http.Request, a model.Administrator, sc SetupCase, to string) (bool, error) {
	if r.Header.Get("Origin") != to || a.PasswordHash == "" || sc.Connection.Live != nil {
		return false, nil
	}
	ctx := r.Context()
	connections, err := rm.Store.Connections(ctx)
	if err != nil || len(connections) != 1 {
		return false, err
	}
	apps, err := rm.Store.Apps(ctx)
	if err != nil || len(apps) > 0 {
		return false, err
	}
	passkeys, _, err := rm.Store.CountPasskeys(ctx)
	return passkeys == 0, err
}

// toGuardedMove leads to the page that says what stops with another public URL,
// and from there back to the setup.
func (rm *Room) toGuardedMove(w http.ResponseWriter, r *http.Request, sc SetupCase, saved model.Revision, to string) error {
	text := "The address is not changed yet: look first at what changes with it."
	if saved.Version != sc.Draft.Version {
		text = "Saved, but for the address: look first at what changes with it."
	}
	rm.PutFlash(r, layout.Flash{Kind: "info", Text: text})
	back := paths.SetupStep(sc.Connection.Slug, wizard.StepWelcome)
	return kit.SeeOther(w, r, paths.WithQuery(paths.PublicURL, "to", to, "back", back))
}

// saveStep writes the draft, the groups that the step makes, and the public URL
// where the step changed it: all of it or nothing. What was kept while it was
// typed is not needed any more.
func (rm *Room) saveStep(r *http.Request, a model.Administrator, sc SetupCase, step wizard.Step, draft wizard.Draft, groups []model.Group) (
	saved model.Revision, made groupsMade, err error) {
	ctx, actor := r.Context(), rm.Actor(r, a)
	err = rm.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.ForgetAutosave(ctx, autosaveKey(a, sc, step)); err != nil {
			return err
		}
		var err error
		saved, err = tx.SaveDraft(ctx, actor, sc.Connection.Slug, sc.Draft.Version, func(rev *model.Revision) error {
			rev.Config, rev.Ticks = draft.Config, draft.Ticks
			return nil
		})
		if err != nil {
			return err
		}
		if made, err = addGroups(ctx, tx, actor, groups); err != nil || draft.PublicURL == "" {
			return err
		}
		return rm.MovePublicURL(ctx, tx, actor, draft.PublicURL, "")
	})
	return saved, made, err
}

// afterStep leads on: to the next step, or back to where one came from.
func (rm *Room) afterStep(w http.ResponseWriter, r *http.Request, sc SetupCase, step wizard.Step, draft wizard.Draft, saved model.Revision) error {
	if draft.PublicURL != "" {
		if err := rm.PublicURLChanged(r.Context()); err != nil {
			return err
		}
	}
	before := sc.Draft.Config
	sc.Draft = saved
	facts := rm.SetupFacts(sc, sc.facts.Users)
	if draft.PublicURL != "" {
		facts.PublicURL = draft.PublicURL
	}
	slug := sc.Connection.Slug
	if step.ID == wizard.StepMetadata {
		back, again := wizard.StepMetadata, r.PostFormValue("from") == string(wizard.StepAttributes)
		if again {
			back = wizard.StepAttributes
		}
		rm.PutFlash(r, rm.metadataFlash(before, sc, facts, again))
		return kit.SeeOther(w, r, paths.SetupStep(slug, back))
	}
	next, ok := rm.Flow.Next(step.ID, facts)
	if !ok {
		next = rm.Flow.Resume(facts)
	}
	return kit.SeeOther(w, r, paths.SetupStep(slug, next))
}

// metadataFlash says what bringing the metadata has changed, and what it still
// lacks.
func (rm *Room) metadataFlash(before model.Config, sc SetupCase, facts wizard.Facts, again bool) layout.Flash {
	f := layout.Flash{Kind: "success", Text: "AWS's metadata is here. Look at what it says, then go on."}
	changed := wizard.Differences(before, sc.Draft.Config, rm.Opts.PublicURL, sc.Connection.Slug, rm.Now())
	same := wizard.Same(changed)
	switch {
	case same:
		f = layout.Flash{Kind: "info", Text: "Nothing changed: AWS's metadata says the same as before."}
	case before.IdPMetadata != "":
		f.Text = strings.Join(changed, " ")
	}
	if !again && !same {
		return f
	}
	if idp, err := facts.Stored(); err == nil && slices.ContainsFunc(idp.Findings, func(f sso.Finding) bool { return f.Code == sso.FindingNoFormat }) {
		f.Kind, f.Text = "warning", f.Text+" It names no format for the Subject yet: save the attribute mappings in AWS, then bring it again."
	}
	return f
}
