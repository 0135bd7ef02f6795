package setup

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/outgoing"
)

// stepForm is a submitted step.
type stepForm struct {
	version  int
	answers  wizard.Answers  // for the wizard
	shown    wizard.Answers  // for the form, should it be shown again
	problems []model.Problem // found while reading, before the wizard has judged
	fromFile bool            // the metadata came as a file
	groups   []model.Group   // to be made, in the step about them
}

// placed moves what is wrong with a file's text to the file's field.
func (f stepForm) placed(problems []model.Problem) []model.Problem {
	if !f.fromFile {
		return problems
	}
	moved := make([]model.Problem, len(problems))
	for i, p := range problems {
		if p.Field == wizard.FieldMetadata {
			p.Field = wizard.FieldMetadataFile
		}
		moved[i] = p
	}
	return moved
}

// readStep reads the fields of a step, and whatever belongs to them beyond the
// form: an uploaded file, an address to fetch.
func (rm *Room) readStep(r *http.Request, sc SetupCase, step wizard.Step) (stepForm, error) {
	f, err := readAnswers(r, sc, step)
	if err == nil && step.ID == wizard.StepGroups {
		f.groups, f.problems = wantedGroups(sc.Draft.Config.Apps, r.PostForm[setup.FieldSuggested], r.PostFormValue(setup.FieldOwn))
	}
	if err != nil || step.ID != wizard.StepMetadata || f.version != sc.Draft.Version {
		return f, err
	}
	return f, rm.readMetadata(r, sc, &f)
}

// readAnswers reads the fields of a step from its form.
func readAnswers(r *http.Request, sc SetupCase, step wizard.Step) (stepForm, error) {
	if err := r.ParseMultipartForm(kit.MaxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return stepForm{}, fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	f := stepForm{version: formVersion(r), answers: wizard.Answers{}, shown: wizard.Answers{}}
	for _, field := range step.FieldsFor(sc.facts) {
		if v, ok := r.PostForm[field.Name]; ok && field.Kind != wizard.FieldFile {
			f.answers[field.Name], f.shown[field.Name] = v, v
		}
	}
	if step.ID == wizard.StepWelcome && sc.facts.PublicURLFixed {
		f.shown[wizard.FieldPublicURL] = []string{sc.facts.PublicURL}
	}
	return f, nil
}

// readMetadata finds AWS's metadata in the form: a file, a text, or an address,
// which is fetched. Where there are two, it is asked which one counts.
func (rm *Room) readMetadata(r *http.Request, sc SetupCase, f *stepForm) error {
	file, err := forms.UploadedMetadata(r)
	if err != nil {
		return err
	}
	if file == "" && r.MultipartForm != nil && len(r.MultipartForm.File[wizard.FieldMetadataFile]) > 0 {
		f.problems = []model.Problem{{Field: wizard.FieldMetadataFile, Text: "This file is empty. In AWS, download the " +
			"“IAM Identity Center SAML metadata file” again."}}
		return nil
	}
	if file != "" && f.answers.Text(wizard.FieldMetadata) != "" {
		f.problems = []model.Problem{{Field: wizard.FieldMetadata, Text: "You gave a file and a text. Which of them counts? Empty the text, or choose no file."}}
		return nil
	}
	if file != "" {
		f.fromFile = true
		if len(file) > outgoing.MaxMetadata {
			f.problems = []model.Problem{{Field: wizard.FieldMetadataFile, Text: "This file is larger than " + model.Size(model.MaxMetadata) +
				". AWS's metadata has a few KiB; choose the file that " +
				"AWS calls “IAM Identity Center SAML metadata file”."}}
			return nil
		}
		f.answers[wizard.FieldMetadata] = []string{file}
	}
	if p := wizard.TwoSources(sc.facts, f.answers, f.fromFile); p != nil {
		f.problems = []model.Problem{*p}
		return nil
	}
	address, p := wizard.MetadataURL(sc.facts, f.answers)
	if p != nil {
		f.problems = []model.Problem{*p}
	}
	if address == "" || p != nil {
		return nil
	}
	fetched, err := rm.StepFetcher(sc).Fetch(r.Context(), address)
	var failed *outgoing.Error
	switch {
	case errors.As(err, &failed):
		rm.Log.InfoContext(r.Context(), "metadata not fetched", "address", address, "error", err)
		f.problems = []model.Problem{{Field: wizard.FieldMetadataURL, Text: failed.Text + " You can also download the file in AWS and choose it below."}}
		return nil
	case err != nil:
		return fmt.Errorf("fetch metadata: %w", err)
	}
	f.answers[wizard.FieldMetadataURL] = []string{address}
	f.answers[wizard.FieldFetched] = []string{string(fetched)}
	return nil
}

// StepFetcher fetches what somebody types in. Where private addresses are
// allowed, they still are nothing for the holder of a setup link, who may be
// outside.
func (rm *Room) StepFetcher(sc SetupCase) outgoing.Fetcher {
	m := outgoing.NewFetcher(wizard.MetadataOptions(sc.facts).AllowLoopbackHTTP)
	m.Private = rm.Opts.AllowPrivateMetadata && !sc.byLink
	return m
}

// keepUploaded puts the text of an uploaded file into the form: a page cannot
// keep a file chosen.
func keepUploaded(r *http.Request, answers wizard.Answers) error {
	file, err := forms.UploadedMetadata(r)
	if err == nil && file != "" && len(file) <= outgoing.MaxMetadata {
		answers[wizard.FieldMetadata] = []string{file}
	}
	return err
}

// renderConflict shows what was typed beside what somebody else has saved, so
// that neither is lost.
func (rm *Room) renderConflict(w http.ResponseWriter, r *http.Request, f setup.Frame, sc SetupCase) error {
	if err := keepUploaded(r, f.Answers); err != nil {
		return err
	}
	stored := storedAnswers(f.Step, sc.facts)
	v := setup.ConflictPage{Frame: f}
	v.Page.Error = true
	for _, field := range f.Fields {
		if field.Kind == wizard.FieldFile {
			continue
		}
		v.Values = append(v.Values, setup.ConflictValue{
			Label: field.Label, Typed: answerText(field, f.Answers), Stored: answerText(field, stored),
		})
		for _, value := range f.Answers[field.Name] {
			v.Hidden = append(v.Hidden, setup.HiddenValue{Name: field.Name, Value: value})
		}
	}
	return rm.Render(w, r, http.StatusConflict, setup.Conflict(v))
}

// answerText writes an answer for people: labels instead of values.
func answerText(field wizard.Field, answers wizard.Answers) string {
	switch field.Kind {
	case wizard.FieldCheckbox:
		if answers.Ticked(field.Name) {
			return "ticked"
		}
		return "not ticked"
	case wizard.FieldRadio, wizard.FieldCheckboxes:
		var labels []string
		for _, o := range field.Options {
			for _, v := range answers[field.Name] {
				if v == o.Value {
					labels = append(labels, o.Label)
				}
			}
		}
		return strings.Join(labels, ", ")
	default:
		const most = 500 // characters; long enough to know it again
		text := strings.Join(answers[field.Name], "\n")
		if utf8.RuneCountInString(text) > most {
			return string([]rune(text)[:most]) + " …"
		}
		return text
	}
}
