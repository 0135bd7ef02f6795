package parts

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
)

// JobTitle is what a job is about.
func JobTitle(j model.Job) string {
	switch j.Kind {
	case model.JobImport:
		return "Import of " + ui.Count(j.Total, "user", "users")
	case model.JobImportUndo:
		return "Undo of an import"
	default:
		return string(j.Kind)
	}
}

// JobStateWord says how far a job is.
func JobStateWord(s model.JobState) string {
	switch s {
	case model.JobWaiting:
		return "Waiting"
	case model.JobRunning:
		return "Under way"
	case model.JobDone:
		return "Finished"
	case model.JobCanceled:
		return "Ended early"
	case model.JobFailed:
		return "Failed"
	default:
		return string(s)
	}
}

// JobTone is how a job stands: as it should, ended or incomplete, or failed.
func JobTone(j model.Job) ui.Tone {
	switch {
	case j.State == model.JobFailed:
		return ui.Bad
	case j.State == model.JobCanceled, j.State == model.JobDone && j.Kept+j.Aside > 0:
		return ui.Warn
	case j.State == model.JobDone:
		return ui.Good
	default:
		return ui.Info
	}
}

// JobDid says what a job has done so far, in sentences.
func JobDid(j model.Job) string {
	made, changed := ui.Number(j.Made)+" added", ui.Number(j.Changed)+" changed"
	kept := " could not be imported."
	if j.Kind == model.JobImportUndo {
		made, changed = ui.Number(j.Made)+" removed", ui.Number(j.Changed)+" as before"
		kept = " changed since, or signed in since, and stay as they are."
		if j.Kept == 1 {
			kept = " changed since, or signed in since, and stays as it is."
		}
	}
	words := []string{made + ", " + changed + "."}
	if j.Kept > 0 {
		words = append(words, ui.Count(j.Kept, "user", "users")+kept)
	}
	return strings.Join(words, " ")
}

// JobSaid says how a job stands, in a sentence; it changes only with the state.
func JobSaid(j model.Job) string {
	switch j.State {
	case model.JobWaiting:
		return "It waits for its turn. You can leave this page: it goes on without you."
	case model.JobRunning:
		if j.CanceledBy != "" {
			return "It ends after the part that is being done."
		}
		return "It is under way. You can leave this page: it goes on without you."
	case model.JobDone:
		return JobDid(j)
	case model.JobCanceled:
		return "It was ended by " + j.CanceledBy + ". Until then: " + JobDid(j)
	default:
		return strings.TrimSpace(j.Problem + " Until then: " + JobDid(j))
	}
}
