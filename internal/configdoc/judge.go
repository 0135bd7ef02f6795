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
		_, mentioned := doc.lines[p.Field]
		if !mentioned && !complete {
			continue
		}
		v := doc.where(p.Field)
		problems = append(problems, Problem{Line: v.line, Path: join(doc.at.path, p.Field), Text: p.Text})
	}
	return problems
}
