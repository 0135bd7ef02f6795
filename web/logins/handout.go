package logins

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// handout is the text that an administrator gives to the person whose login
// failed: when, what to do, whom to ask. It is the same for every reason that
// the person cannot mend, so that it gives nothing away.
func handout(l model.Login, code model.Code, contact string) string {
	var b strings.Builder
	b.WriteString("Your sign-in on " + l.StartedAt.UTC().Format("2 January 2006 at 15:04 UTC") + " did not work.\n\n")
	b.WriteString("What to do: " + advice(code) + "\n\n")
	if contact != "" {
		b.WriteString("Questions: " + contact + "\n")
	}
	b.WriteString("Reference: " + l.ID)
	return b.String()
}

// advice is what the person can do.
func advice(code model.Code) string {
	switch code {
	case model.CodeExpired, model.CodeInResponseToUnknown, model.CodeReplayed:
		return "Start again from the app that you want to use. Do not use the back button, a bookmark of the AWS page, or a page that was open for long."
	case model.CodeInResponseToOtherBrowser:
		return "Start again from the app that you want to use, and finish in the same browser window. Allow cookies for this site. If you did not " +
			"try to sign in, tell us."
	case model.CodeUnsolicitedRefused:
		return "Start from the app that you want to use, not from the tile in the AWS access portal."
	case model.CodeNoAnswer:
		return "Try once more from the app that you want to use. If AWS shows an error, send us its words, or a picture of it."
	default:
		return "Nothing for now. An administrator has to change something first, and will tell you when to try again."
	}
}
