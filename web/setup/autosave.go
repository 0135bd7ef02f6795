package setup

import (
	"errors"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/outgoing"
)

// autosave keeps what is typed into a step before it is saved: while it is
// typed, by the page's script, and at “Back”, without one. It judges nothing.
func (rm *Room) autosave(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := rm.loadStep(r, wizard.StepID(kit.PathValue(r, "step")))
	if err != nil {
		return err
	}
	if step.Apply == nil {
		return store.ErrNotFound // nothing can be typed there
	}
	key := autosaveKey(a, sc, step)
	if r.PostFormValue("discard") != "" {
		if err := rm.Store.ForgetAutosave(r.Context(), key); err != nil {
			return err
		}
		return rm.Inform(w, r, paths.SetupStep(sc.Connection.Slug, step.ID), "What you had typed is gone. This is what is stored.")
	}
	if err := rm.writeAutosave(r, key, sc, step); err != nil {
		return err
	}
	if r.Header.Get("HX-Request") != "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	back, ok := rm.Flow.Previous(step.ID, sc.facts)
	if !ok {
		back = step.ID
	}
	return kit.SeeOther(w, r, paths.SetupStep(sc.Connection.Slug, back))
}

func autosaveKey(a model.Administrator, sc SetupCase, step wizard.Step) store.AutosaveKey {
	return store.AutosaveKey{Administrator: a.ID, Revision: sc.Draft.ID, Step: string(step.ID)}
}

func (rm *Room) writeAutosave(r *http.Request, key store.AutosaveKey, sc SetupCase, step wizard.Step) error {
	in, err := readAnswers(r, sc, step)
	if err != nil {
		return err
	}
	file, err := forms.UploadedMetadata(r)
	if err != nil {
		return err
	}
	if file != "" && len(file) <= outgoing.MaxMetadata {
		in.answers[wizard.FieldMetadata] = []string{file}
	}
	saved := store.Autosave{Version: in.version, Answers: in.answers, At: rm.Now()}
	before, err := rm.Store.Autosave(r.Context(), key)
	switch {
	case err == nil && before.Version == in.version:
		saved.Base = before.Base
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case in.version == sc.Draft.Version:
		saved.Base = storedAnswers(step, sc.facts)
	}
	if saved.Base != nil && sameAnswers(step, sc.facts, saved.Base, saved.Answers) {
		return rm.Store.ForgetAutosave(r.Context(), key)
	}
	return rm.Store.SaveAutosave(r.Context(), key, saved)
}

// restoreAutosave fills a step's form in with what this administrator typed
// earlier and did not save. Where somebody saved that step meanwhile, the form
// says so when it is sent, as to two people at once.
func (rm *Room) restoreAutosave(r *http.Request, a model.Administrator, sc SetupCase, f *setup.Frame) error {
	if f.Step.Apply == nil {
		return nil
	}
	saved, err := rm.Store.Autosave(r.Context(), autosaveKey(a, sc, f.Step))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	stored := storedAnswers(f.Step, sc.facts)
	if sameAnswers(f.Step, sc.facts, stored, saved.Answers) {
		return nil
	}
	if f.Step.ID == wizard.StepWelcome && sc.facts.PublicURLFixed {
		saved.Answers[wizard.FieldPublicURL] = []string{sc.facts.PublicURL}
	}
	f.Answers, f.AutosavedAt = saved.Answers, saved.At
	if !sameAnswers(f.Step, sc.facts, stored, saved.Base) {
		f.Version = saved.Version
	}
	return nil
}

// sameAnswers tells whether two sets of answers fill in a step's form alike.
func sameAnswers(step wizard.Step, facts wizard.Facts, a, b wizard.Answers) bool {
	for _, field := range step.FieldsFor(facts) {
		if field.Kind == wizard.FieldFile {
			continue
		}
		if !slices.Equal(slices.Sorted(slices.Values(given(a[field.Name]))), slices.Sorted(slices.Values(given(b[field.Name])))) {
			return false
		}
	}
	return true
}

// given leaves out empty values: an empty field and none are alike.
func given(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
}
