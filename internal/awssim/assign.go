package awssim

import (
	"net/http"
	"slices"
)

func (s *Simulator) getAssign(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "assign", view{Title: "Assign users and groups", Section: "applications", Data: s.viewOf(app)})
	return nil
}

// HasPerson and HasGroup tell who is assigned, for the boxes to tick.
func (v applicationView) HasPerson(username string) bool {
	return slices.Contains(v.AssignedPeople, username)
}

// HasGroup tells whether a group is assigned.
func (v applicationView) HasGroup(name string) bool { return slices.Contains(v.AssignedGroups, name) }

func (s *Simulator) postAssign(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badInput(err)
	}
	err = s.update(func(c *Settings) error {
		a := c.application(app.ID)
		if a == nil {
			return errNotFound
		}
		// Names that do not exist are dropped: somebody may have removed them meanwhile.
		a.AssignedPeople = slices.DeleteFunc(slices.Clone(r.PostForm["person"]), func(u string) bool { return c.person(u) == nil })
		a.AssignedGroups = slices.DeleteFunc(slices.Clone(r.PostForm["group"]), func(g string) bool { return c.group(g) == nil })
		return nil
	})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/applications/"+app.ID+"#assignments")
}

// faultRow is a fault with its mode, for the panel.
type faultRow struct {
	FaultInfo
	Mode Mode
}

// FaultRows is the table of faults with what is switched on.
func (v applicationView) FaultRows() []faultRow {
	var rows []faultRow
	for _, f := range Faults() {
		rows = append(rows, faultRow{f, v.Faults[f.Fault]})
	}
	return rows
}

// postFaults sets all switches at once, or all to off.
func (s *Simulator) postFaults(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	faults := map[Fault]Mode{}
	for _, f := range Faults() {
		m := Mode(r.PostFormValue(string(f.Fault)))
		if (m == Once || m == On) && r.PostFormValue("action") != "clear" {
			faults[f.Fault] = m
		}
	}
	if err := s.UpdateApplication(app.ID, func(a *Application) { a.Faults = faults }); err != nil {
		return err
	}
	return seeOther(w, r, "/applications/"+app.ID+"#faults")
}
