package configdoc

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// judgeConfig looks at a configuration as a whole. An incomplete one is held
// only against what the document itself says.
func judgeConfig(doc connectionDoc, cfg model.Config, complete bool) Problems {
	var problems Problems
	for _, p := range sso.CheckConfig(cfg) {
		v, mentioned := doc.lines[p.Field]
		switch {
		case mentioned:
		case complete:
			v = value{line: doc.at.line, path: join(doc.at.path, p.Field)}
		default:
			continue
		}
		problems = append(problems, Problem{Line: v.line, Path: v.path, Text: p.Text})
	}
	return problems
}

// judgeAlone looks at what the document says about a connection, as far as that
// can be judged without the database: on top of a configuration with which
// everything fits.
func judgeAlone(doc connectionDoc) Problems {
	cfg := model.DefaultConfig(doc.slug)
	cfg.Provisioning, cfg.Attributes = model.ProvisioningJIT, model.WizardAttributes()
	return judgeConfig(doc, doc.apply(cfg), false)
}
