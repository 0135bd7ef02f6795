package people

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forms"
)

// suggestGroups answers what a picker asks while somebody types.
func (rm *Room) suggestGroups(w http.ResponseWriter, r *http.Request, _ model.Administrator) error {
	q := r.URL.Query()
	field := q.Get("field")
	p, err := forms.With(rm.Kit).GroupPicker(r.Context(), field, "", q[field], model.Canonical(q.Get(ui.PickerTyped(field))))
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, ui.PickerRows(p))
}
