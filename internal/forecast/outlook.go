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
	Renamed  string      // the username that the user has afterwards, where the sign-in changes it
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

// In tells whether the sign-in gets somewhere.
func (o Outlook) In() bool { return o.Kind != OutlookRefused }

// Forecast is somebody known, today and after a change.
type Forecast struct {
	User         model.User
	Today        Outlook
	Then         Outlook
	Gains, Loses []string // groups by rules of the connection that the change gives and takes at the next sign-in
}

// Renames tells whether the change renames the user at their next sign-in.
func (f Forecast) Renames() bool { return f.Then.Renamed != "" && f.Then.Renamed != f.Today.Renamed }

// Links tells whether the change has a new AWS person linked to the user.
func (f Forecast) Links() bool {
	return f.Then.In() && f.Then.Links && (!f.Today.In() || !f.Today.Links)
}

// Lost tells whether the change locks the person out.
func (f Forecast) Lost() bool { return f.Today.In() && !f.Then.In() }

// Preflight is who gets in after a change, and what else it does to people.
type Preflight struct {
	People  int
	Lost    Some // can sign in today, could not then
	Renamed Some
	Regroup Some     // get or lose groups by rules
	Apps    []string // names of the apps that hear of new names and groups; read where there are any
	Kinds   []PreflightKind
}

// Some are people: how many, and a few of them.
type Some struct {
	Count    int
	Examples []Forecast
}

func (s *Some) add(f Forecast) {
	if s.Count++; len(s.Examples) < examplesShown {
		s.Examples = append(s.Examples, f)
	}
}

// More is how many there are beside the examples.
func (s Some) More() int { return s.Count - len(s.Examples) }

// PreflightKind is how many logins would end in one way.
type PreflightKind struct {
	Outlook Outlook
	Renames bool // the sign-in renames the user
	Some
}
