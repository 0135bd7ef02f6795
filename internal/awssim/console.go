package awssim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// applicationView is an application with the addresses of its metadata panel.
type applicationView struct {
	*Application
	SignInURL, SignOutURL, IssuerURL, MetadataURL string
	Settings                                      *Settings
}

func (s *Simulator) viewOf(app *Application) applicationView {
	return applicationView{
		Application: app, Settings: s.Settings(), SignInURL: s.SignInURL(app.ID), SignOutURL: s.SignOutURL(app.ID),
		IssuerURL: s.IssuerURL(app.ID), MetadataURL: s.MetadataURL(app.ID),
	}
}

// FaultsOn are the faults that are switched on, as the table has them.
func (v applicationView) FaultsOn() []FaultInfo {
	var on []FaultInfo
	for _, f := range Faults() {
		if v.Faults[f.Fault] != Off {
			on = append(on, f)
		}
	}
	return on
}

// overview lists the applications.
func (s *Simulator) overview(w http.ResponseWriter, r *http.Request) error {
	s.render(w, r, http.StatusOK, "overview", view{Title: "Applications", Section: "applications", Data: s.Settings()})
	return nil
}

// requested returns the application that the address names.
func (s *Simulator) requested(r *http.Request) (*Application, error) {
	if app := s.Application(r.PathValue("id")); app != nil {
		return app, nil
	}
	return nil, errNotFound
}

// newApplication is the first page of the wizard, "Select application type".
func (s *Simulator) newApplication(w http.ResponseWriter, r *http.Request) error {
	s.render(w, r, http.StatusOK, "new", view{Title: "Select application type", Section: "applications"})
	return nil
}

// createDraft goes on to "Configure application". Its metadata panel needs the
// application's ID and certificate, so they are made before it is submitted.
func (s *Simulator) createDraft(w http.ResponseWriter, r *http.Request) error {
	app, err := s.AddApplication(Application{Name: "Custom SAML 2.0 application", Draft: true})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/applications/"+app.ID+"/configuration")
}

func (s *Simulator) showApplication(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	if app.Draft {
		return seeOther(w, r, "/applications/"+app.ID+"/configuration")
	}
	s.render(w, r, http.StatusOK, "application", view{Title: app.Name, Section: "applications", Data: s.viewOf(app)})
	return nil
}

func (s *Simulator) removeApplication(w http.ResponseWriter, r *http.Request) error {
	if err := s.RemoveApplication(r.PathValue("id")); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}

// durationChoice is an entry of "Session duration".
type durationChoice struct {
	Value, Label string
	Chosen       bool
}

// Durations are the session durations to choose from, one to twelve hours.
func (v applicationView) Durations() []durationChoice {
	var choices []durationChoice
	for h := time.Hour; h <= maxSessionDuration; h += time.Hour {
		choices = append(choices, durationChoice{h.String(), hours(h), h == v.SessionDuration})
	}
	if v.SessionDuration%time.Hour != 0 {
		choices = append(choices, durationChoice{v.SessionDuration.String(), hours(v.SessionDuration), true})
	}
	return choices
}

// getConfiguration is "Configure application" for a new one, and "Edit
// configuration" afterwards.
func (s *Simulator) getConfiguration(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	s.renderConfiguration(w, r, http.StatusOK, app, nil)
	return nil
}

func (s *Simulator) renderConfiguration(w http.ResponseWriter, r *http.Request, status int, app *Application, problem error) {
	v := view{Title: "Edit configuration", Section: "applications", Data: s.viewOf(app)}
	if app.Draft {
		v.Title = "Configure application"
	}
	if problem != nil {
		v.Problem = problem.Error()
	}
	s.render(w, r, status, "configuration", v)
}

func (s *Simulator) postConfiguration(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	duration, problem := time.ParseDuration(r.FormValue("session_duration"))
	if problem != nil {
		problem = errors.New("choose a session duration")
	}
	apply := func(a *Application) {
		a.Name, a.Description = r.FormValue("name"), r.FormValue("description")
		a.StartURL, a.RelayState = r.FormValue("start_url"), r.FormValue("relay_state")
		a.SessionDuration = duration
		a.ACS, a.Audience = r.FormValue("acs"), r.FormValue("audience")
	}
	apply(app)
	if r.FormValue("source") == "upload" && problem == nil {
		app.ACS, app.Audience, problem = uploadedMetadata(r)
	}
	if problem == nil && (app.ACS == "" || app.Audience == "") {
		problem = errors.New("write the Application ACS URL and the Application SAML audience, or upload a metadata file")
	}
	if problem == nil {
		problem = s.UpdateApplication(app.ID, func(a *Application) {
			acs, audience := app.ACS, app.Audience
			apply(a)
			a.ACS, a.Audience, a.Draft = acs, audience, false
		})
	}
	if problem != nil {
		s.renderConfiguration(w, r, http.StatusUnprocessableEntity, app, problem)
		return nil
	}
	return seeOther(w, r, "/applications/"+app.ID)
}

// uploadedMetadata reads the file of "Upload application SAML metadata file".
func uploadedMetadata(r *http.Request) (acs, audience string, err error) {
	file, _, err := r.FormFile("metadata")
	if err != nil {
		return "", "", errors.New("choose the application's SAML metadata file")
	}
	defer func(f multipart.File) { _ = f.Close() }(file) // only read
	var b bytes.Buffer
	if _, err := io.Copy(&b, file); err != nil {
		return "", "", fmt.Errorf("read the metadata file: %w", err)
	}
	return readApplicationMetadata(b.Bytes())
}
