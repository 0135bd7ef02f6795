// Package parts holds what pages of several rooms of the console show, one a
// file, and the words that they share. Like the pages it reads no database: a
// part is a function of a value that says all it shows.
package parts

import (
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/ui"
)

// Paging is where the list on a page leads: addresses of the first and the next
// page, empty where there is none.
type Paging struct {
	First string
	Next  string
}

// canChange tells whether the viewer of the page may change anything but
// administrators and settings.
func CanChange(p layout.Page) bool { return p.Viewer.Role.Includes(model.RoleAdmin) }

// isOwner tells whether the viewer may change everything.
func IsOwner(p layout.Page) bool { return p.Viewer.Role.Includes(model.RoleOwner) }

// userSourceWord says where a user came from.
func UserSourceWord(s model.UserSource) string {
	switch s {
	case model.UserManual:
		return "Added by hand"
	case model.UserJIT:
		return "Created at first login"
	case model.UserSynced:
		return "Made by a source"
	default:
		return string(s)
	}
}

// roleWord says what an administrator may do.
func RoleWord(r model.Role) string {
	switch r {
	case model.RoleOwner:
		return "Owner"
	case model.RoleAdmin:
		return "Admin"
	case model.RoleViewer:
		return "Viewer"
	default:
		return string(r)
	}
}

// provisioningWord says what happens to users at login.
func ProvisioningWord(c model.Config) string {
	switch {
	case c.DirectorySynced:
		return "From files of your directory: only users that exist here may sign in"
	case c.Provisioning == model.ProvisioningJIT:
		return "Just in time: users are created and updated as they sign in"
	case c.Provisioning == model.ProvisioningManual:
		return "Manual: only users that exist here may sign in"
	default:
		return "Not chosen yet"
	}
}

// daysLeft writes how long something is still valid.
func DaysLeft(until, now time.Time) string {
	days := int(until.Sub(now).Hours() / 24)
	switch {
	case !until.After(now):
		return "expired"
	case days == 0:
		return "expires today"
	case days == 1:
		return "1 day left"
	default:
		return ui.Number(days) + " days left"
	}
}

// Days before its end at which a certificate is shown as urgent or soon due.
const (
	urgentDays = 14
	soonDays   = 60
)

// expiryTone is the tone of the badge of something that ends.
func ExpiryTone(until, now time.Time) string {
	left := until.Sub(now)
	switch {
	case left <= urgentDays*24*time.Hour:
		return "red"
	case left <= soonDays*24*time.Hour:
		return "yellow"
	default:
		return "green"
	}
}

// minutes writes a tolerance.
func Minutes(d time.Duration) string {
	if d%time.Minute != 0 {
		return d.String()
	}
	return ui.Count(int(d/time.Minute), "minute", "minutes")
}

// orDash shows a value, or a dash where it is empty.
func OrDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// IntegrationWord says how an app gets users and groups.
func IntegrationWord(kind string) string {
	if kind == model.AppCrowd {
		return "User directory (Crowd)"
	}
	return "Sign-in (OpenID Connect)"
}
