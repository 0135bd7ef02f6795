package setup

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// Limits of the preview.
const (
	maxSamples = 20
	maxSample  = 1024 // bytes
)

// attributesPage has the table for AWS as the form has it now, and a preview of
// the username rule. samples is what was typed to try; empty: a proposal.
func (rm *Room) attributesPage(r *http.Request, f setup.Frame, sc SetupCase, samples string) (setup.AttributesPage, error) {
	v := setup.AttributesPage{Frame: f, MetadataURL: sc.Draft.Config.IdPMetadataURL}
	cfg, problems := rm.typedConfig(f, sc)
	v.Drawings = rm.drawings(r, sc, cfg)
	if samples == "" {
		proposed, err := rm.proposedSamples(r.Context(), sc, cfg)
		if err != nil {
			return v, err
		}
		samples = strings.Join(proposed, "\n")
	}
	v.Preview = previewOf(cfg, samples, problems)
	return v, nil
}

// typedConfig is the configuration that the form would make; where it has
// problems, the one that is stored.
func (rm *Room) typedConfig(f setup.Frame, sc SetupCase) (model.Config, []model.Problem) {
	draft, problems := rm.Flow.Submit(wizard.StepAttributes, sc.facts, f.Answers)
	return draft.Config, problems
}

// proposedSamples are values to try the rule on: what AWS sent in the latest
// test, where there was one, then shapes that are common.
func (rm *Room) proposedSamples(ctx context.Context, sc SetupCase, cfg model.Config) ([]string, error) {
	samples := []string{"Ana.Lima", "ana.lima@example.com", `EXAMPLE\alima`}
	l, err := rm.Store.LatestTest(ctx, sc.Draft.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil && l.Person != nil {
		received := l.Person.Attributes[cfg.Attributes.Username]
		if cfg.Attributes.Username == model.AttributeSubject {
			received = []string{l.Person.NameID}
		}
		samples = append(slices.Clone(received), samples...)
	}
	return samples, nil
}

// previewOf applies the rule of the configuration to the samples, one a line.
func previewOf(cfg model.Config, samples string, problems []model.Problem) setup.Preview {
	p := setup.Preview{Samples: samples, Source: cfg.Attributes.Username}
	if len(problems) > 0 {
		p.Problem = problems[0].Text
		if text := ui.ProblemOf(problems, wizard.FieldPattern); text != "" {
			p.Problem = text
		}
		return p
	}
	for line := range strings.Lines(samples) {
		value := strings.Trim(line, "\r\n")
		if value == "" {
			continue
		}
		if len(p.Lines) == maxSamples {
			p.More++
			continue
		}
		row := setup.PreviewLine{From: kit.Truncate(value, maxSample)}
		name, err := sso.PreviewUsername(cfg.Username, row.From)
		if err != nil {
			row.Problem = "Refused: the username " + err.Error() + "."
		}
		row.To = name
		p.Lines = append(p.Lines, row)
	}
	return p
}

// previewUsername shows what becomes of sample usernames: the part of the page
// for scripts, the whole page for the button.
func (rm *Room) previewUsername(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, err := rm.loadSetup(r)
	if errors.Is(err, errNoDraft) {
		return store.ErrNotFound
	}
	if err != nil {
		return err
	}
	step, err := rm.openStep(wizard.StepAttributes, sc)
	if err != nil {
		return err
	}
	in, err := rm.readStep(r, sc, step)
	if err != nil {
		return err
	}
	f := rm.frame(r, a, sc, step)
	f.Answers = in.shown
	samples := r.PostFormValue(setup.FieldSamples)
	if r.Header.Get("HX-Request") != "" {
		cfg, problems := rm.typedConfig(f, sc)
		return rm.Render(w, r, http.StatusOK, setup.UsernamePreview(previewOf(cfg, samples, problems)))
	}
	f.Version = in.version // what was typed is still based on that one
	v, err := rm.attributesPage(r, f, sc, samples)
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, setup.Attributes(v))
}
