package warnings

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
)

// showCalendar is the ends of certificates as a calendar to subscribe to. Who
// knows the address may read it; nothing in it is secret but the product's name.
func (rm *Room) showCalendar(w http.ResponseWriter, r *http.Request) error {
	to, err := rm.Store.Warnings(r.Context())
	if err != nil {
		return err
	}
	token, isICS := strings.CutSuffix(chi.URLParam(r, "file"), ".ics")
	known, err := rm.opened(to.CalendarSealed, model.SealedCalendarToken)
	if err != nil || !isICS || subtle.ConstantTimeCompare([]byte(token), []byte(known)) != 1 {
		return store.ErrNotFound
	}
	text, err := rm.calendar(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, err = w.Write([]byte(text))
	return err
}

// calendar has an event on the day on which the last certificate of each
// connection ends, with alarms before. Source: RFC 5545.
func (rm *Room) calendar(ctx context.Context) (string, error) {
	connections, err := rm.Store.Connections(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(format string, args ...any) { writeFolded(&b, fmt.Sprintf(format, args...)) }
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//Postern//Certificates//EN")
	line("X-WR-CALNAME:%s", calendarText("Certificates of "+rm.Opts.PublicURL))
	for _, c := range connections {
		if c.Live == nil {
			continue
		}
		if idp, err := rm.IdentityProvider(c.Live); err == nil {
			rm.calendarEvent(line, c, idp)
		}
	}
	line("END:VCALENDAR")
	return b.String(), nil
}

func (rm *Room) calendarEvent(line func(string, ...any), c model.Connection, idp *sso.IdentityProvider) {
	last := idp.Certificates[0]
	for _, cert := range idp.Certificates {
		if cert.NotAfter.After(last.NotAfter) {
			last = cert
		}
	}
	line("BEGIN:VEVENT")
	line("UID:%s@postern", strings.ToLower(strings.ReplaceAll(last.Fingerprint, ":", "")))
	line("DTSTAMP:%s", last.NotBefore.UTC().Format("20060102T150405Z"))
	line("DTSTART;VALUE=DATE:%s", last.NotAfter.UTC().Format("20060102"))
	line("SUMMARY:%s", calendarText("AWS's certificate for "+c.Name()+" ends"))
	line("DESCRIPTION:%s", calendarText("Make a new one in AWS and bring its file to Postern before: "+rm.Opts.PublicURL+paths.Certificates(c.Slug)))
	line("URL:%s", rm.Opts.PublicURL+paths.Certificates(c.Slug))
	line("TRANSP:TRANSPARENT")
	for _, days := range warnDays {
		if days == 0 {
			continue
		}
		line("BEGIN:VALARM")
		line("ACTION:DISPLAY")
		line("DESCRIPTION:%s", calendarText("AWS's certificate for "+c.Name()+" ends on "+model.Day(last.NotAfter)))
		line("TRIGGER:-P%dD", days)
		line("END:VALARM")
	}
	line("END:VEVENT")
}

// calendarText escapes a text (RFC 5545 §3.3.11).
func calendarText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "").Replace(s)
}

// foldAt is how long a line may be, in bytes (RFC 5545 §3.1).
const foldAt = 75

// writeFolded writes a content line, broken where it is too long, between
// characters.
func writeFolded(b *strings.Builder, text string) {
	used := 0
	for _, r := range text {
		n := utf8.RuneLen(r)
		if used+n > foldAt {
			b.WriteString("\r\n ")
			used = 1
		}
		b.WriteRune(r)
		used += n
	}
	b.WriteString("\r\n")
}
