package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

const (
	maxContact       = 300 // characters
	maxRetentionDays = 365
	day              = 24 * time.Hour
)

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	set, err := s.store.Settings(r.Context())
	if err != nil {
		return err
	}
	return s.renderSettings(w, r, a, console.SettingsPage{
		PublicURL: s.opts.PublicURL, HelpContact: set.HelpContact,
		RetentionDays: strconv.Itoa(int(set.TraceRetention / day)),
	})
}

func (s *Server) renderSettings(w http.ResponseWriter, r *http.Request, a model.Administrator, v console.SettingsPage) error {
	v.Page = s.page(r, a, layout.NavSettings, "Settings", "What concerns Postern as a whole.")
	v.PublicURLFixed, v.Version = s.opts.PublicURLFixed, s.opts.Version
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, console.Settings(v))
}

func (s *Server) saveSettings(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := console.SettingsPage{
		PublicURL: s.opts.PublicURL, HelpContact: typed(r, "help_contact"), RetentionDays: typed(r, "retention_days"),
	}
	if !s.opts.PublicURLFixed {
		v.PublicURL = typed(r, "public_url")
		if normal, _, err := wizard.CheckPublicURL(v.PublicURL); err != nil {
			v.Problems = append(v.Problems, model.Problem{Field: "public_url", Text: err.Error()})
		} else {
			v.PublicURL = normal
		}
	}
	contact := strings.Join(strings.Fields(v.HelpContact), " ")
	v.Problems = append(v.Problems, checkText("help_contact", "The contact", contact, maxContact)...)
	days, err := strconv.Atoi(v.RetentionDays)
	if err != nil || days < 0 || days > maxRetentionDays {
		v.Problems = append(v.Problems, model.Problem{Field: "retention_days",
			Text: fmt.Sprintf("Type a number of days between 0 and %d.", maxRetentionDays)})
	}
	if len(v.Problems) > 0 {
		return s.renderSettings(w, r, a, v)
	}
	err = s.store.SaveSettings(r.Context(), s.actor(r, a), func(set *store.Settings) error {
		if !s.opts.PublicURLFixed {
			set.PublicURL = v.PublicURL
		}
		set.HelpContact, set.TraceRetention = contact, time.Duration(days)*day
		return nil
	})
	if err != nil {
		return err
	}
	if v.PublicURL == s.opts.PublicURL {
		return s.done(w, r, paths.Settings, "Saved.")
	}
	if s.opts.refresh != nil {
		if err := s.opts.refresh(r.Context()); err != nil {
			return err
		}
	}
	return s.done(w, r, paths.Settings, "Saved. Postern answers as "+v.PublicURL+" now. Type the new values into the application in AWS.")
}
