package awssim

import (
	"net/http"
	"slices"
	"strconv"
)

type mappingsPage struct {
	*Application
	SubjectFormats, AttributeFormats, Variables []string
}

// variables are those that AWS documents, and ${user:groups}.
func variables() []string {
	return []string{
		"${user:subject}", "${user:email}", "${user:preferredUsername}", "${user:name}", "${user:givenName}",
		"${user:middleName}", "${user:familyName}", "${user:AD_GUID}", groupsVariable,
	}
}

func (s *Simulator) getMappings(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	if app.Subject.Format == "" {
		app.Subject.Format = "unspecified"
	}
	s.renderMappings(w, r, http.StatusOK, app, "")
	return nil
}

func (s *Simulator) renderMappings(w http.ResponseWriter, r *http.Request, status int, app *Application, problem string) {
	s.render(w, r, status, "mappings", view{Title: "Edit attribute mappings", Section: "applications", Problem: problem,
		Data: mappingsPage{app, nameIDFormats(), attributeFormats(), variables()}})
}

// postMappings saves the rows, or adds or removes one and shows them again:
// the page works without JavaScript.
func (s *Simulator) postMappings(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badInput(err)
	}
	app.Subject = Mapping{Source: r.PostForm.Get("subject"), Format: r.PostForm.Get("subject_format")}
	app.EmptyAttributes = r.PostForm.Get("empty_attributes") != ""
	app.Attributes = typedMappings(r)
	if number, err := strconv.Atoi(r.PostForm.Get("remove")); err == nil && number >= 0 && number < len(app.Attributes) {
		app.Attributes = slices.Delete(app.Attributes, number, number+1)
		s.renderMappings(w, r, http.StatusOK, app, "")
		return nil
	}
	if r.PostForm.Has("add") {
		app.Attributes = append(app.Attributes, Mapping{Format: "unspecified"})
		s.renderMappings(w, r, http.StatusOK, app, "")
		return nil
	}
	app.Attributes = slices.DeleteFunc(app.Attributes, func(m Mapping) bool { return m.Name == "" && m.Source == "" })
	if app.Subject.Source == "" {
		s.renderMappings(w, r, http.StatusUnprocessableEntity, app, "Subject is required. Map it, for example to ${user:subject}.")
		return nil
	}
	err = s.UpdateApplication(app.ID, func(a *Application) {
		a.Subject, a.Attributes, a.EmptyAttributes = app.Subject, app.Attributes, app.EmptyAttributes
	})
	if err != nil {
		s.renderMappings(w, r, http.StatusUnprocessableEntity, app, err.Error())
		return nil
	}
	return seeOther(w, r, "/applications/"+app.ID+"#mappings")
}

// typedMappings are the rows as they were sent. A row has three fields.
func typedMappings(r *http.Request) []Mapping {
	names, sources, formats := r.PostForm["name"], r.PostForm["source"], r.PostForm["format"]
	var rows []Mapping
	for i := range min(len(names), len(sources), len(formats)) {
		rows = append(rows, Mapping{Name: names[i], Source: sources[i], Format: formats[i]})
	}
	return rows
}
