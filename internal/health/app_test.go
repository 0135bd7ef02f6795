package health_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
)

func TestHealthOfAnApp(t *testing.T) {
	t.Parallel()
	app := func(kind string, change func(*model.AppEvidence)) model.AppEvidence {
		e := model.AppEvidence{App: model.App{Slug: "jira", Name: "Jira", Kind: kind, AllGroups: true}, Open: true, Secrets: 1, Users: true}
		change(&e)
		return e
	}
	came := func(wait, last time.Duration) func(*model.AppEvidence) {
		return func(e *model.AppEvidence) {
			e.Directory = model.CrowdActivity{Requests: 9, SyncedAt: ago(last), UsualWait: wait,
				FullBeganAt: ago(last + time.Minute), FullEndedAt: ago(last), IncrementalAt: ago(last)}
			e.Newest, e.Succeeded = model.CrowdRequest{At: ago(last), Status: 200}, true
		}
	}
	answered := func(status int, reason string, succeeded bool) func(*model.AppEvidence) {
		return func(e *model.AppEvidence) {
			came(time.Hour, time.Hour)(e)
			e.Newest, e.Succeeded = model.CrowdRequest{At: ago(time.Minute), Status: status, Reason: reason, RemoteAddr: "10.0.0.9"}, succeeded
		}
	}
	signIns := func(worked, refused time.Duration) func(*model.AppEvidence) {
		return func(e *model.AppEvidence) {
			if worked > 0 {
				e.SignIns.WorkedAt = ago(worked)
			}
			if refused > 0 {
				e.SignIns.RefusedAt, e.SignIns.RefusedWhy = ago(refused), "The secret is wrong."
			}
		}
	}
	for name, test := range map[string]struct {
		evidence model.AppEvidence
		state    health.State
		reasons  string
		says     string
	}{
		"never signed in":        {app(model.AppOIDC, signIns(0, 0)), health.None, "", ""},
		"signed in":              {app(model.AppOIDC, signIns(time.Hour, 0)), health.Good, "", ""},
		"refused since":          {app(model.AppOIDC, signIns(time.Hour, time.Minute)), health.Warn, "app_refused", "The secret is wrong."},
		"signed in since":        {app(model.AppOIDC, signIns(time.Minute, time.Hour)), health.Good, "", ""},
		"no live connection":     {app(model.AppOIDC, func(e *model.AppEvidence) { e.Open = false }), health.Warn, "no_connection", ""},
		"no secret":              {app(model.AppOIDC, func(e *model.AppEvidence) { e.Secrets = 0 }), health.Bad, "no_secret", ""},
		"public needs no secret": {app(model.AppOIDC, func(e *model.AppEvidence) { e.Secrets, e.App.Public = 0, true }), health.None, "", ""},
		"its only group deleted": {app(model.AppOIDC, func(e *model.AppEvidence) { signIns(time.Hour, 0)(e); e.App.AllGroups = false }), health.Bad, "no_group", ""},
		"chosen groups": {app(model.AppOIDC, func(e *model.AppEvidence) {
			signIns(time.Hour, 0)(e)
			e.App.AllGroups, e.App.Groups = false, []string{"jira-users"}
		}), health.Good, "", ""},

		"directory never asked":      {app(model.AppCrowd, func(*model.AppEvidence) {}), health.None, "never_asked", ""},
		"directory only tested":      {app(model.AppCrowd, func(e *model.AppEvidence) { e.Directory.Requests = 2 }), health.Warn, "never_synchronized", ""},
		"directory came":             {app(model.AppCrowd, came(time.Hour, 50*time.Minute)), health.Good, "", ""},
		"directory is a little late": {app(model.AppCrowd, came(time.Hour, 2*time.Hour)), health.Good, "", ""},
		"directory overdue":          {app(model.AppCrowd, came(time.Hour, 4*time.Hour)), health.Warn, "overdue", "usually comes every 60 minutes"},
		"directory comes once a day": {app(model.AppCrowd, came(24*time.Hour, 30*time.Hour)), health.Good, "", ""},
		"usual not known":            {app(model.AppCrowd, came(0, 25*time.Hour)), health.Warn, "overdue", "not known yet"},
		"comes every minute":         {app(model.AppCrowd, came(time.Minute, 30*time.Minute)), health.Good, "", ""},
		"no changes alone yet": {app(model.AppCrowd, func(e *model.AppEvidence) {
			came(time.Hour, time.Minute)(e)
			e.Directory.IncrementalAt = time.Time{}
		}), health.Good, "no_incremental", ""},
		"only memberships": {app(model.AppCrowd, func(e *model.AppEvidence) {
			e.Directory, e.Succeeded = model.CrowdActivity{Requests: 2, MembershipsAt: ago(time.Minute)}, true
		}), health.Good, "", ""},
		"wrong password":           {app(model.AppCrowd, answered(401, "", true)), health.Warn, "request_refused", "wrong password"},
		"address":                  {app(model.AppCrowd, answered(403, "APPLICATION_ACCESS_DENIED", true)), health.Warn, "request_refused", "10.0.0.9"},
		"a change that is refused": {app(model.AppCrowd, answered(403, "PERMISSION_DENIED", true)), health.Good, "", ""},
		"nothing succeeds":         {app(model.AppCrowd, answered(500, "", false)), health.Warn, "request_refused", "No request of Jira"},
		"sees nobody":              {app(model.AppCrowd, func(e *model.AppEvidence) { came(time.Hour, time.Minute)(e); e.Users = false }), health.Warn, "nobody", ""},
		"broken off": {app(model.AppCrowd, func(e *model.AppEvidence) {
			came(24*time.Hour, 10*time.Hour)(e)
			e.Directory.FullBeganAt = ago(7 * time.Hour)
		}), health.Warn, "broken_off", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want(t, health.OfApp(test.evidence, now), test.state, test.reasons, test.says)
		})
	}
}
