package configdoc

import (
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// judgeConfig looks at a configuration as a whole. One that need not be
// complete is held only against what the document itself says, and may leave
// settings empty.
func judgeConfig(doc connectionDoc, cfg model.Config, complete bool) Problems {
	found := sso.CheckConfig(cfg)
	if complete {
		found = append(found, missing(cfg, found)...)
	}
	empty := emptyFields(cfg)
	var problems Problems
	for _, p := range found {
		v, mentioned := doc.lines[p.Field]
		switch {
		case !complete && (!mentioned || empty[p.Field]):
			continue
		case !mentioned:
			v = value{line: doc.at.line, path: join(doc.at.path, p.Field)}
		}
		problems = append(problems, Problem{Line: v.line, Path: v.path, Text: p.Text})
	}
	return problems
}

// missing are the settings without which nobody can sign in, as far as they are
// not among the problems that were found.
func missing(cfg model.Config, found []model.Problem) []model.Problem {
	needed := map[string]string{
		"idp_metadata": "a connection that is not a draft needs AWS's metadata: write idp_metadata_file.",
		"provisioning": "a connection that is not a draft needs to know how users are made: jit or manual.",
	}
	empty := emptyFields(cfg)
	var problems []model.Problem
	for _, field := range []string{"provisioning", "idp_metadata"} {
		said := slices.ContainsFunc(found, func(p model.Problem) bool { return p.Field == field })
		if empty[field] && !said {
			problems = append(problems, model.Problem{Field: field, Text: needed[field]})
		}
	}
	return problems
}

func emptyFields(cfg model.Config) map[string]bool {
	empty := map[string]bool{}
	for _, s := range configSettings {
		empty[s.key] = s.get(cfg) == ""
	}
	return empty
}

// judgeAlone looks at what the document says about a connection, as far as that
// can be judged without the database: on top of a configuration with which
// everything fits.
func judgeAlone(doc connectionDoc) Problems {
	cfg := model.DefaultConfig(doc.slug)
	cfg.Provisioning, cfg.Attributes = model.ProvisioningJIT, model.WizardAttributes()
	return judgeConfig(doc, doc.apply(cfg), false)
}
