package forecast

import "github.com/postern-sso/postern/internal/model"

// OutlookKind is how a login that has not happened would end.
type OutlookKind string

// Kinds of outlook.
const (
	OutlookIn      OutlookKind = "in"      // as the user that they are
	OutlookAssumed OutlookKind = "assumed" // likewise, if AWS sends their username: it never described them
	OutlookCreated OutlookKind = "created" // as a new user, beside the one they may have
	OutlookRefused OutlookKind = "refused"
)

// Outlook is how the next login of somebody would end.
type Outlook struct {
	Kind     OutlookKind
	Code     model.Code  // of a refusal
	Cause    model.Cause // of a refusal, where the code has several
	Why      string      // the refusal in words
	Assumed  bool        // AWS never described this person
	Links    bool        // a new AWS person is linked to the user
	Username string      // that AWS would bring
}

// Order sorts what needs a look first.
func (o Outlook) Order() int {
	switch o.Kind {
	case OutlookRefused:
		return 0
	case OutlookCreated:
		return 1
	case OutlookAssumed:
		return 2
	default:
		return 3
	}
}

// Words says it in a sentence.
func (o Outlook) Words() string {
	switch o.Kind {
	case OutlookIn:
		return "Gets in"
	case OutlookAssumed:
		return "Gets in, if AWS sends exactly this username"
	case OutlookCreated:
		return "Becomes the new user " + o.Username
	default:
		if o.Code == model.CodeConnectionNotLive {
			return "Nobody gets in: not live"
		}
		return "Refused: " + o.Why
	}
}

// Forecast is somebody known, today and after a change.
type Forecast struct {
	User  model.User
	Today Outlook
	Then  Outlook
}

// Lost tells whether the change locks the person out.
func (f Forecast) Lost() bool { return f.Today.Kind != OutlookRefused && f.Then.Kind == OutlookRefused }

// Preflight is who gets in after a change.
type Preflight struct {
	People       int
	Lost         int // can sign in today, could not then
	LostExamples []Forecast
	Kinds        []PreflightKind
}

// PreflightKind is how many logins would end in one way.
type PreflightKind struct {
	Outlook  Outlook
	Count    int
	Examples []Forecast
}
