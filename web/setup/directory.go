package setup

import (
	"context"

	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/setup"
)

// sourceFacts are the sources that are there.
func (rm *Room) sourceFacts(ctx context.Context) ([]wizard.SourceFact, error) {
	told, err := rm.Store.SourcesTold(ctx)
	if err != nil {
		return nil, err
	}
	facts := make([]wizard.SourceFact, len(told))
	for i, s := range told {
		facts[i] = wizard.SourceFact{Slug: s.Slug, Name: s.Name, Kind: s.Kind, Read: s.Told}
	}
	return facts, nil
}

// directoryPage has the sources with what their last runs did.
func (rm *Room) directoryPage(ctx context.Context, f setup.Frame, sc SetupCase) (setup.DirectoryPage, error) {
	v := setup.DirectoryPage{Frame: f}
	last, err := rm.Store.LastRuns(ctx)
	if err != nil {
		return v, err
	}
	for _, s := range sc.Sources {
		v.Sources = append(v.Sources, setup.DirectorySource{Slug: s.Slug, Name: s.Name, Kind: s.Kind, Last: last[s.Slug]})
	}
	return v, nil
}
