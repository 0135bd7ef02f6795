package health

import (
	"fmt"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// When a directory has not come for long: so many times its usual wait, at least
// an hour; a day while the usual is not known.
const (
	timesWait   = 3
	waitLeast   = time.Hour
	waitUnknown = day
	fullPatient = 6 * time.Hour // after which a full synchronization was broken off
)

// OfApp judges an app by what happened between it and Postern. When many sign in
// and the app gets nothing, that shows on the connection.
func OfApp(e model.AppEvidence, now time.Time) Health {
	h := Health{State: None, Word: "Never seen"}
	if e.App.Kind == model.AppCrowd {
		h.directory(e, now)
	} else {
		h.signOn(e)
	}
	a := e.App
	if e.Secrets == 0 && !a.Public {
		r := Reason{ID: "no_secret", State: Bad, Title: a.Name + " has no secret", Evidence: "It cannot get in.",
			Cure: "Make one, and type it into the app.", Place: AtApp, Since: e.CreatedAt, When: "The app was added"}
		if !e.SecretLostAt.IsZero() {
			r.Since, r.When = e.SecretLostAt, "The last one was deleted"
		}
		h.add(r)
	}
	switch {
	case !a.AllGroups && len(a.Groups) == 0:
		h.add(Reason{ID: "no_group", State: Bad, Title: a.Name + " sees no group", Evidence: "It may see chosen groups only, and none is chosen any more: " +
			"the last one was deleted. A group of the same name that is made anew is not chosen by itself.", Cure: "Choose its groups again.", Place: AtApp,
			Since: e.GroupLostAt, When: "The last one was deleted"})
	case a.Kind == model.AppCrowd && !e.Users && e.Directory.Requests > 0:
		h.add(Reason{ID: "nobody", State: Warn, Title: a.Name + " sees nobody", Evidence: "There is no user here yet.", Place: AtApp})
	}
	if h.State == Bad {
		h.Word, h.At = "Cannot work", time.Time{}
	}
	return h
}

// signOn judges an app that people sign in to. Anybody can send what is refused,
// so that alone never makes it bad.
func (h *Health) signOn(e model.AppEvidence) {
	h.Word = "No sign-in yet"
	s := e.SignIns
	if !s.WorkedAt.IsZero() {
		h.State, h.Word, h.At = Good, "Last sign-in", s.WorkedAt
	}
	if s.RefusedAt.After(s.WorkedAt) {
		h.Word, h.At = "Last sign-in refused", s.RefusedAt
		h.add(Reason{ID: "app_refused", State: Warn, Title: "The last sign-in to " + e.App.Name + " was refused", Evidence: s.RefusedWhy,
			Since: s.RefusedAt, When: "It was", Place: AtApp})
	}
	if !e.Open {
		h.Word, h.At = "Nobody can sign in to it", time.Time{}
		h.add(Reason{ID: "no_connection", State: Warn, Title: "Nobody can sign in to " + e.App.Name, Evidence: "No connection that it takes people from is live.",
			Cure: "Take a connection live.", Place: AtConnection})
	}
}

// directory judges an app that fetches users and groups.
func (h *Health) directory(e model.AppEvidence, now time.Time) {
	d, name := e.Directory, e.App.Name
	last := d.SyncedAt
	switch {
	case d.Requests == 0:
		h.add(Reason{ID: "never_asked", State: None, Title: name + " has not asked yet", Place: AtApp, Waits: true,
			Evidence: "In the app, choose “Test Settings”. When that fails, compare the Server URL and the application name."})
		return
	case !last.IsZero():
		h.State, h.Word, h.At = Good, "Last read", last
	case !d.MembershipsAt.IsZero():
		h.State, h.Word, h.At = Good, "Last read memberships", d.MembershipsAt
	default:
		h.Word = "Not synchronized yet"
	}
	if r, found := refusedRequest(e); found {
		h.Word, h.At = "Last request refused", e.Newest.At
		h.add(r)
	} else if last.IsZero() && d.MembershipsAt.IsZero() {
		h.add(Reason{ID: "never_synchronized", State: Warn, Title: name + " has reached Postern and has not synchronized yet",
			Cure: "In the app: User Directories, Synchronize.", Place: AtApp})
	}
	if d.FullBeganAt.After(d.FullEndedAt) && now.Sub(d.FullBeganAt) > fullPatient && !last.After(d.FullBeganAt) {
		h.add(Reason{ID: "broken_off", State: Warn, Title: "A full synchronization of " + name + " was broken off", Since: d.FullBeganAt, When: "It began",
			Cure: "In the app: User Directories, Synchronize. Its log says what stopped it.", Place: AtApp})
	}
	if !d.FullEndedAt.IsZero() && d.IncrementalAt.IsZero() {
		h.add(Reason{ID: "no_incremental", State: None, Title: name + " has read everything, and has not asked for changes alone yet", Place: AtApp,
			Evidence: "It does at its next synchronization when “Enable Incremental Synchronization” is ticked in its settings of this directory."})
	}
	if patience := Patience(d); !last.IsZero() && now.Sub(last) > patience {
		h.add(Reason{ID: "overdue", State: Warn, Title: name + " has not synchronized for " + spell(now.Sub(last)), Since: last, Place: AtApp,
			Evidence: usualWait(d) + " People who left may still get in there.",
			Cure:     "In the app: User Directories. See that this directory is not disabled, and choose Synchronize."})
	}
}

// Patience is for how long an app's directory may not come before somebody should
// look.
func Patience(d model.CrowdActivity) time.Duration {
	if d.UsualWait <= 0 {
		return waitUnknown
	}
	return max(timesWait*d.UsualWait, waitLeast)
}

func usualWait(d model.CrowdActivity) string {
	if d.UsualWait <= 0 {
		return "How often it usually comes is not known yet."
	}
	return "It usually comes every " + spell(d.UsualWait) + "."
}

// refusedRequest says why the newest request was refused, or all of the last
// ones were. Anybody who knows the app's name can send one with a wrong password.
func refusedRequest(e model.AppEvidence) (Reason, bool) {
	r := Reason{ID: "request_refused", State: Warn, Since: e.Newest.At, When: "It was", Place: AtApp}
	switch {
	case e.Newest.Status == 401:
		r.Title = "The last request of " + e.App.Name + " came with a wrong password"
		r.Evidence = "It came from " + e.Newest.RemoteAddr + "."
		r.Cure = "Type the application password into the app again. When it is lost, make another secret here."
	case e.Newest.Status == 403 && e.Newest.Reason == "APPLICATION_ACCESS_DENIED":
		r.Title = "The last request of " + e.App.Name + " came from an address that is not allowed"
		r.Evidence = "It came from " + e.Newest.RemoteAddr + "."
		r.Cure = "Add the address to those that are allowed, or allow every address."
	case !e.Newest.At.IsZero() && !e.Succeeded:
		r.Title = "No request of " + e.App.Name + " has succeeded lately"
		r.Cure = "In the app, choose “Test Settings”."
	default:
		return r, false
	}
	return r, true
}

// spell is a duration as people say it.
func spell(d time.Duration) string {
	d = d.Round(time.Minute)
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", int(d/day))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	default:
		return model.Count(max(int(d/time.Minute), 1), "minute", "minutes")
	}
}
