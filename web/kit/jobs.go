package kit

import (
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
)

// jobAnswerTime is how long a request works on the job that it started. What is
// done by then is answered at once; the rest is followed on the job's page.
const jobAnswerTime = 2 * time.Second

// AnswerJob answers the request that started a job: with 303 to back and its
// result when it is done soon and nothing is left to be seen, else to its page.
func (k *Kit) AnswerJob(w http.ResponseWriter, r *http.Request, j model.Job, back string) error {
	j, err := k.Opts.Jobs.WorkFor(r.Context(), j.ID, jobAnswerTime)
	if err != nil {
		return err
	}
	if j.State != model.JobDone || j.Aside+j.Kept > 0 {
		return SeeOther(w, r, paths.Job(j.ID))
	}
	f := layout.Flash{Kind: "success", Text: "Imported: " + parts.JobDid(j)}
	if j.Kind == model.JobImportUndo {
		f.Text = "Undone: " + parts.JobDid(j)
	}
	if j.CanUndo(k.Now()) {
		f.Undo = paths.JobAction(j.ID, "undo")
	}
	k.PutFlash(r, f)
	return SeeOther(w, r, back)
}
