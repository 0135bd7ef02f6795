package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
)

// keepTyped keeps what is typed into a step before it is saved: while it is
// typed, by the page's script, and at “Back”, without one. It judges nothing.
func (s *Server) keepTyped(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := s.loadStep(r, wizard.StepID(pathValue(r, "step")))
	if err != nil {
		return err
	}
	if step.Apply == nil {
		return store.ErrNotFound // nothing can be typed there
	}
	key := typedKey(a, sc, step)
	if r.PostFormValue("discard") != "" {
		if err := s.store.ForgetTyped(r.Context(), key); err != nil {
			return err
		}
		return s.done(w, r, paths.SetupStep(sc.connection.Slug, step.ID), "What you had typed is gone. This is what is stored.")
	}
	if err := s.keep(r, key, sc, step); err != nil {
		return err
	}
	if r.Header.Get("HX-Request") != "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	back, ok := s.flow.Previous(step.ID, sc.facts)
	if !ok {
		back = step.ID
	}
	return seeOther(w, r, paths.SetupStep(sc.connection.Slug, back))
}

func typedKey(a model.Administrator, sc setupCase, step wizard.Step) store.TypedKey {
	return store.TypedKey{Administrator: a.ID, Revision: sc.draft.ID, Step: string(step.ID)}
}

func (s *Server) keep(r *http.Request, key store.TypedKey, sc setupCase, step wizard.Step) error {
	in, err := readAnswers(r, sc, step)
	if err != nil {
		return err
	}
	file, err := uploadedMetadata(r)
	if err != nil {
		return err
	}
	if file != "" && len(file) <= maxMetadata {
		in.answers[wizard.FieldMetadata] = []string{file}
	}
	typed := store.Typed{Version: in.version, Answers: in.answers, At: s.now()}
	before, err := s.store.Typed(r.Context(), key)
	switch {
	case err == nil && before.Version == in.version:
		typed.Base = before.Base
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case in.version == sc.draft.Version:
		typed.Base = storedAnswers(step, sc.facts)
	}
	if typed.Base != nil && sameAnswers(step, sc.facts, typed.Base, typed.Answers) {
		return s.store.ForgetTyped(r.Context(), key)
	}
	return s.store.KeepTyped(r.Context(), key, typed)
}

// restoreTyped fills a step's form in with what this administrator typed
// earlier and did not save. Where somebody saved that step meanwhile, the form
// says so when it is sent, as to two people at once.
func (s *Server) restoreTyped(r *http.Request, a model.Administrator, sc setupCase, f *setup.Frame) error {
	if f.Step.Apply == nil {
		return nil
	}
	typed, err := s.store.Typed(r.Context(), typedKey(a, sc, f.Step))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	stored := storedAnswers(f.Step, sc.facts)
	if sameAnswers(f.Step, sc.facts, stored, typed.Answers) {
		return nil
	}
	if f.Step.ID == wizard.StepWelcome && sc.facts.PublicURLFixed {
		typed.Answers[wizard.FieldPublicURL] = []string{sc.facts.PublicURL}
	}
	f.Answers, f.TypedAt = typed.Answers, typed.At
	if !sameAnswers(f.Step, sc.facts, stored, typed.Base) {
		f.Version = typed.Version
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
