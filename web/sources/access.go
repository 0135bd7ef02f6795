package sources

import (
	"net/http"

	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/directory/aws"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/sources"
)

// access is how a source is reached, or how it reaches us.
func (rm *Room) access(r *http.Request, a model.Administrator, s model.Source) (templ.Component, error) {
	if s.Kind == model.SourceSCIM {
		v, err := rm.pushes(r, a, s)
		return sources.Pushes(v), err
	}
	needs := sources.AWSNeeds{}
	if s.Kind == model.SourceAWS {
		needs.Policy = aws.Policy(aws.PolicyOptions{Settings: s.AWS, Application: s.Connection != ""})
		if s.AWS.RoleARN != "" {
			needs.Trust, needs.Assume = aws.TrustPolicy(s.AWS, ""), aws.AssumePolicy(s.AWS)
		}
	}
	return sources.Reached(s, needs, parts.CanChange(layout.Page{Viewer: a})), nil
}

// test tries a source step by step, with the settings that are kept, and shows people
// as they would come out. Nothing is written.
func (rm *Room) test(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	result, err := rm.Opts.TestSource(r.Context(), s)
	if err != nil {
		return err
	}
	p := rm.pageBelow(r, a, s, "Test of "+s.Name, "Nothing was changed.")
	v := sources.TestPage{Page: p, Source: s, Steps: result.Steps, People: result.People, Untrusted: result.Untrusted}
	return rm.Render(w, r, http.StatusOK, sources.Test(v))
}
