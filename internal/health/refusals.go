package health

import (
	"fmt"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// When refusals stand out. The usual rate is that of the two weeks before today;
// less than usualLeast passes for nothing, and an outage that lasted for days must
// not become the usual.
const (
	fewest     = 2 // refused, in a day
	timesUsual = 3
	usualLeast = 0.02
	usualMost  = 0.10

	stoppedAfter = 3 // refused alike without a success in between: nobody can sign in
	usualBusy    = 5 // sign-ins at this hour, so that an hour without one tells something
)

// refusalOf is the evidence of one forgeable reason.
func refusalOf(e model.SignInEvidence, code model.Code) model.RefusalEvidence {
	for _, r := range e.Refusals {
		if r.Code == code {
			return r
		}
	}
	return model.RefusalEvidence{}
}

// vouched tells whether nobody but AWS, a person whom AWS let in, or this program
// can have caused the refusals.
func vouched(r model.RefusalEvidence) bool { return r.Verified || r.Code == model.CodeInternal }

// refused judges the refusals. offered are the fingerprints that AWS's metadata
// vouches for: refusals that carry them were told already. trusted are those that
// are trusted by now.
func (h *Health) refused(c model.Connection, e model.SignInEvidence, offered, trusted []string) {
	var newest model.RefusalEvidence // of those without a success since, that somebody vouches for
	var forged []model.RefusalEvidence
	hour, whole := 0, 0
	for _, r := range e.Refusals {
		switch {
		case r.Code.Wanted():
			continue
		case r.Code == model.CodeCertificateUnknown && carriesOneOf(r, offered):
			continue
		case r.Code == model.CodeCertificateUnknown && r.Since > 0 && carriesOneOf(r, trusted):
			h.add(Reason{ID: "trusted_since", State: Warn, Title: "Nobody has signed in through " + c.Name() + " since its new certificate is trusted",
				Evidence: fmt.Sprintf("%s %s refused before with a certificate that is trusted by now.", model.Count(r.Since, "answer", "answers"), were(r.Since)),
				Cure:     "Sign in once to see that it works.", Since: r.LastAt, When: "The last of them was", Place: AtCertificates, Login: r.LastLogin})
			continue
		case !vouched(r):
			forged = append(forged, r)
			continue
		}
		hour, whole = hour+r.Hour, whole+r.Day
		if text(r) && r.Since > 0 {
			h.mappingText(c, r)
			continue
		}
		if r.Since >= stoppedAfter && (r.Code.Shared() || r.People >= stoppedAfter) {
			h.add(because(r, refusedAll(c, r)))
			newest = model.RefusalEvidence{}
			continue
		}
		if r.LastAt.After(e.LastSuccess) && r.LastAt.After(newest.LastAt) {
			newest = r
		}
	}
	if h.State != Bad && !newest.LastAt.IsZero() {
		r := because(newest, Reason{ID: "refused_last", State: Warn,
			Title: "The last sign-in through " + c.Name() + " was refused: " + lower(sso.Explain(newest.Code).Title)})
		r.Since, r.When = newest.LastAt, "It was"
		h.add(r)
	}
	h.rate(c, e, hour, whole)
	h.forged(c, e, forged)
}

// refusedAll is the reason for a kind of which there were several without a
// success in between.
func refusedAll(c model.Connection, r model.RefusalEvidence) Reason {
	why := lower(sso.Explain(r.Code).Title)
	if r.Code.Shared() {
		return Reason{ID: "refused_all", State: Bad, Title: "Nobody can sign in through " + c.Name() + ": " + why}
	}
	return Reason{ID: "refused_people", State: Bad, Title: fmt.Sprintf("The last %s who came through %s were refused: %s",
		model.Count(r.People, "person", "people"), c.Name(), why)}
}

// because fills a reason with what is known of one kind of refusals.
func because(r model.RefusalEvidence, to Reason) Reason {
	words := remedy(r)
	to.Evidence, to.Cure, to.Since, to.Place, to.Login = refusedSince(r), words.Fix, r.FirstAt, AtLogin, r.LastLogin
	to.When = "The first was"
	return to
}

// remedy has the words for the cause of most of one kind of refusals.
func remedy(r model.RefusalEvidence) sso.Cause {
	return sso.CauseOf(model.Refusal{Code: r.Code, Cause: r.Cause}, sso.Neighborhood{})
}

// text tells whether people are refused for a mapping's own text. It is the same
// for everybody, so that people cannot be told apart.
func text(r model.RefusalEvidence) bool {
	return r.Cause == model.CauseUsernameLiteral || r.Cause == model.CauseAttributeLiteral
}

// mappingText says that everybody comes with a mapping's own text, and is refused.
func (h *Health) mappingText(c model.Connection, r model.RefusalEvidence) {
	to := because(r, Reason{ID: "mapping_text", State: Warn, Title: "AWS sent a mapping's own text through " + c.Name() + ", and the sign-in was refused"})
	if r.Since >= stoppedAfter {
		to.State, to.Title = Bad, "Nobody can sign in through "+c.Name()+": AWS sends a mapping's own text"
	}
	to.Evidence = remedy(r).Happened + " " + to.Evidence
	h.add(to)
}

// refusedSince says how many were refused since the last success.
func refusedSince(r model.RefusalEvidence) string {
	if r.Since == 0 {
		return "Nobody has signed in since."
	}
	text := model.Count(r.Since, "sign-in", "sign-ins")
	if r.People > 1 && r.Verified {
		text += " of " + model.Count(r.People, "person", "people")
	}
	return text + " " + were(r.Since) + " refused, and nobody has signed in since."
}

// rate compares how many were refused with the usual.
func (h *Health) rate(c model.Connection, e model.SignInEvidence, hour, whole int) {
	if h.State == Bad {
		return
	}
	usual := 0.0
	if all := e.UsualSignedIn + e.UsualRefused; all > 0 {
		usual = float64(e.UsualRefused) / float64(all)
	}
	standsOut := func(refused, signedIn int) bool {
		expected := min(max(usual, usualLeast), usualMost) * float64(refused+signedIn)
		return refused >= fewest && float64(refused) > timesUsual*expected
	}
	said := "the last 24 hours"
	refused, all := whole, whole+e.Day
	switch {
	case standsOut(hour, e.Hour):
		said, refused, all = "the last hour", hour, hour+e.Hour
	case !standsOut(whole, e.Day):
		return
	}
	newest := newestOf(e)
	words := remedy(newest)
	h.add(Reason{ID: "refused_often", State: Warn,
		Title:    fmt.Sprintf("%s of %s through %s %s refused in %s", model.Number(refused), model.Count(all, "sign-in", "sign-ins"), c.Name(), were(refused), said),
		Evidence: usually(e) + " The newest: " + lower(sso.Explain(newest.Code).Title) + ".", Cure: words.Fix,
		Since: newest.LastAt, When: "That was", Place: AtLogins, Login: newest.LastLogin})
}

func usually(e model.SignInEvidence) string {
	all := e.UsualSignedIn + e.UsualRefused
	if all == 0 {
		return "There is no usual number to compare with yet."
	}
	return fmt.Sprintf("On the 14 days before today it was %s of %s.", model.Number(e.UsualRefused), model.Number(all))
}

// newestOf is the newest refusal that somebody vouches for and nobody asked for.
func newestOf(e model.SignInEvidence) (newest model.RefusalEvidence) {
	for _, r := range e.Refusals {
		if vouched(r) && !r.Code.Wanted() && r.LastAt.After(newest.LastAt) {
			newest = r
		}
	}
	return newest
}

// forged tells of answers that nothing vouches for. Alone they never make it bad:
// whoever posts them would decide what stands here.
func (h *Health) forged(c model.Connection, e model.SignInEvidence, all []model.RefusalEvidence) {
	var newest model.RefusalEvidence
	var first time.Time
	hour, whole, since := 0, 0, 0
	for _, r := range all {
		hour, whole, since = hour+r.Hour, whole+r.Day, since+r.Since
		if r.LastAt.After(newest.LastAt) {
			newest = r
		}
		if !r.FirstAt.IsZero() && (first.IsZero() || r.FirstAt.Before(first)) {
			first = r.FirstAt
		}
	}
	open := newest.LastAt.After(e.LastSuccess)
	if whole == 0 && !open {
		return
	}
	r := Reason{ID: "not_vouched", State: None, Since: newest.LastAt, When: "That was", Place: AtLogins, Login: newest.LastLogin,
		Title: fmt.Sprintf("%s that nothing vouches for %s refused by %s in the last 24 hours", model.Count(whole, "answer", "answers"), were(whole), c.Name())}
	const anybody = "AWS's signature on them was not found good, and anybody can post such an answer. The newest: "
	r.Evidence = anybody + lower(sso.Explain(newest.Code).Title) + "."
	if open {
		r.State, r.Since, r.When = Warn, first, "The first was"
		r.Title = fmt.Sprintf("%s that nothing vouches for %s refused by %s, and nobody has signed in since", model.Count(max(since, 1), "answer", "answers"),
			were(max(since, 1)), c.Name())
		if newest.Code == model.CodeCertificateUnknown {
			r.Cure = "If AWS's certificate was changed, bring AWS's metadata or the certificate from AWS's console, never one out of an answer."
			r.Place = AtCertificates
		}
		if hour >= usualBusy && stopped(e) {
			r.ID, r.State = "stopped", Bad
			r.Title = "Nobody has signed in through " + c.Name() + " for an hour"
			r.Evidence = fmt.Sprintf("At this hour at least %s signed in yesterday and a week ago. %s", model.Number(e.UsualThisHour), r.Evidence)
		}
	}
	h.add(r)
}

// stopped tells whether nobody signs in at an hour at which people usually do:
// whoever forges answers cannot bring that about.
func stopped(e model.SignInEvidence) bool { return e.Hour == 0 && e.UsualThisHour >= usualBusy }

// unanswered tells of logins that AWS never answered. Anybody can begin one and
// leave.
func (h *Health) unanswered(c model.Connection, e model.SignInEvidence) {
	u := e.Unanswered
	if h.State == Bad || u.Since < stoppedAfter || !u.LastAt.After(e.LastSuccess) {
		return
	}
	words := sso.Explain(model.CodeNoAnswer)
	r := Reason{ID: "no_answer", State: Warn,
		Title:    fmt.Sprintf("AWS sent nobody back to %s from the last %s", c.Name(), model.Count(u.Since, "sign-in", "sign-ins")),
		Evidence: "Nobody has signed in since. Anybody can begin a sign-in and leave it.", Cure: words.Fix, Since: u.LastAt,
		When: "The newest began", Place: AtLogins}
	if u.Hour >= usualBusy && stopped(e) {
		r.ID, r.State, r.Title = "stopped", Bad, "Nobody has come back from AWS through "+c.Name()+" for an hour"
		r.Evidence = fmt.Sprintf("%s began and did not come back. At this hour at least %s signed in yesterday and a week ago.",
			model.Count(u.Hour, "sign-in", "sign-ins"), model.Number(e.UsualThisHour))
	}
	h.add(r)
}

// lower is a title in the middle of a sentence. What begins with a name keeps it.
func lower(title string) string {
	if len(title) > 1 && title[0] >= 'A' && title[0] <= 'Z' && title[1] >= 'a' && title[1] <= 'z' {
		return string(title[0]+'a'-'A') + title[1:]
	}
	return title
}
