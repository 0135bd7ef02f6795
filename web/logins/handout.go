package logins

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// handout is the text that an administrator gives to the person whose login
// failed: when, what to do, whom to ask. It is the same for every reason that
// the person cannot mend, so that it gives nothing away.
func handout(l model.Login, code model.Code, contact string) string {
	var b strings.Builder
	b.WriteString("Your sign-in on " + model.Moment(l.StartedAt) + " did not work.\n\n")
	b.WriteString("What to do: " + sso.CauseOf(refusalOf(l, code), sso.Neighborhood{}).Advice() + "\n\n")
	if contact != "" {
		b.WriteString("Questions: " + contact + "\n")
	}
	b.WriteString("Reference: " + l.ID)
	return b.String()
}

// refusalOf is the refusal of a login; one that never came back has only its code.
func refusalOf(l model.Login, code model.Code) model.Refusal {
	if l.Refusal != nil {
		return *l.Refusal
	}
	return model.Refusal{Code: code}
}
