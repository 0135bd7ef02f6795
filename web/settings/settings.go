package settings

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/settings"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/logo"
)

const (
	maxPageText = 1000 // characters

	maxRetentionDays = 365

	maxLoginDays = 3650
)

func (rm *Room) showSettings(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	set, err := rm.Store.Settings(r.Context())
	if err != nil {
		return err
	}
	return rm.renderSettings(w, r, a, settings.SettingsPage{
		PublicURL: rm.Opts.PublicURL, HelpContact: set.HelpContact,
		RetentionDays: strconv.Itoa(int(set.TraceRetention / kit.Day)), LoginDays: strconv.Itoa(int(set.LoginRetention / kit.Day)), ProductName: set.ProductName,
		Texts: settings.PageTexts{Refused: set.RefusedText, SignedOut: set.SignedOutText, Me: set.MeText},
	})
}

func (rm *Room) renderSettings(w http.ResponseWriter, r *http.Request, a model.Administrator, v settings.SettingsPage) error {
	v.Page = rm.Page(r, a, layout.NavSettings, "Settings", "What concerns Postern as a whole.")
	v.PublicURLFixed, v.Version = rm.Opts.PublicURLFixed, rm.Opts.Version
	v.Logo = rm.Brand(r.Context()).Logo
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, settings.Settings(v))
}

// previewTexts shows how pages would look with the texts as they are typed.
// Nothing is saved.
func (rm *Room) previewTexts(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := rm.typedSettings(r)
	if r.Header.Get("HX-Request") != "" {
		return rm.Render(w, r, http.StatusOK, settings.TextsPreview(v))
	}
	v.Previewed = true
	return rm.renderSettings(w, r, a, v)
}

// typedSettings is the form as it was sent.
func (rm *Room) typedSettings(r *http.Request) settings.SettingsPage {
	v := settings.SettingsPage{
		PublicURL: rm.Opts.PublicURL, RetentionDays: kit.Typed(r, "retention_days"), LoginDays: kit.Typed(r, "login_days"), ProductName: kit.Typed(r, "product_name"),
		HelpContact: strings.Join(strings.Fields(kit.Typed(r, "help_contact")), " "),
		Texts: settings.PageTexts{
			Refused: typedProse(r, "refused_text"), SignedOut: typedProse(r, "signed_out_text"), Me: typedProse(r, "me_text"),
		},
		RemoveLogo: r.PostFormValue("remove_logo") != "",
	}
	if !rm.Opts.PublicURLFixed {
		v.PublicURL = kit.Typed(r, "public_url")
	}
	return v
}

// typedProse is text of several lines, with the line ends that are stored.
func typedProse(r *http.Request, field string) string {
	return strings.TrimSpace(strings.ReplaceAll(r.PostFormValue(field), "\r\n", "\n"))
}

func (rm *Room) saveSettings(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := rm.typedSettings(r)
	v.Problems = rm.checkSettings(&v)
	picture, problem, err := uploadedLogo(r)
	if err != nil {
		return err
	}
	if problem != "" {
		v.Problems = append(v.Problems, model.Problem{Field: "logo", Text: problem})
	}
	if picture != nil && v.RemoveLogo {
		v.Problems = append(v.Problems, model.Problem{Field: "logo", Text: "You chose a picture and ticked that there is to be none. Which of them counts?"})
	}
	if len(v.Problems) > 0 {
		v.LogoLost = picture != nil
		return rm.renderSettings(w, r, a, v)
	}
	if v.PublicURL != rm.Opts.PublicURL && !rm.SteppedUp(r) {
		return kit.ErrStepUp
	}
	change := func(set *store.Settings) error {
		if v.PublicURL == rm.Opts.PublicURL && !rm.Opts.PublicURLFixed {
			set.PublicURL = v.PublicURL // the one given at the start is kept from now on
		}
		set.HelpContact, set.ProductName = v.HelpContact, v.ProductName
		set.TraceRetention, _ = days(v.RetentionDays, maxRetentionDays) // they have been judged
		set.LoginRetention, _ = days(v.LoginDays, maxLoginDays)
		set.RefusedText, set.SignedOutText, set.MeText = v.Texts.Refused, v.Texts.SignedOut, v.Texts.Me
		return nil
	}
	if picture != nil || v.RemoveLogo {
		err = rm.Store.SaveSettingsWithLogo(r.Context(), rm.Actor(r, a), picture, change)
	} else {
		err = rm.Store.SaveSettings(r.Context(), rm.Actor(r, a), change)
	}
	if err != nil {
		return err
	}
	rm.ForgetBrand()
	if v.PublicURL == rm.Opts.PublicURL {
		return rm.Saved(w, r, paths.Settings, "")
	}
	said := "The public URL is not changed yet: look first at what changes with it."
	if len(store.Noted(r.Context())) > 0 {
		said = kit.SavedWords(r) + " " + said
	}
	return rm.Inform(w, r, paths.WithQuery(paths.PublicURL, "to", v.PublicURL), said)
}

// days is a number of days as it was typed; false when it is none up to most.
func days(typed string, most int) (time.Duration, bool) {
	n, err := strconv.Atoi(typed)
	return time.Duration(n) * kit.Day, err == nil && n >= 0 && n <= most
}

// checkSettings says what is wrong with the form, and brings the public URL into
// its normal form.
func (rm *Room) checkSettings(v *settings.SettingsPage) []model.Problem {
	var problems []model.Problem
	if !rm.Opts.PublicURLFixed {
		if normal, _, err := wizard.CheckPublicURL(v.PublicURL); err != nil {
			problems = append(problems, *err)
		} else {
			v.PublicURL = normal
		}
	}
	problems = append(problems, kit.Judged("product_name", "The name", v.ProductName, model.CheckProductName)...)
	problems = append(problems, kit.Judged("help_contact", "The contact", v.HelpContact, model.CheckContact)...)
	for _, t := range v.Texts.Fields() {
		problems = append(problems, checkProse(t.Name, t.Value)...)
	}
	for _, f := range []struct {
		name, typed string
		most        int
	}{{"retention_days", v.RetentionDays, maxRetentionDays}, {"login_days", v.LoginDays, maxLoginDays}} {
		if _, ok := days(f.typed, f.most); !ok {
			problems = append(problems, model.Problem{Field: f.name, Text: fmt.Sprintf("Type a number of days between 0 and %s.", model.Number(f.most))})
		}
	}
	return problems
}

// checkProse is checkText for several lines.
func checkProse(field, text string) []model.Problem {
	if utf8.RuneCountInString(text) > maxPageText {
		return []model.Problem{{Field: field, Text: fmt.Sprintf("The text is longer than %s characters.", model.Number(maxPageText))}}
	}
	return kit.CheckText(field, "The text", strings.ReplaceAll(text, "\n", " "), maxPageText)
}

// uploadedLogo is the picture that came with the form, made safe: nil when none
// did. problem is what is wrong with it, for the person who sent it.
func uploadedLogo(r *http.Request) (picture []byte, problem string, err error) {
	file, _, err := r.FormFile("logo")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", kit.BadForm(err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, logo.MaxUpload+1))
	if err != nil {
		return nil, "", kit.BadForm(err)
	}
	picture, err = logo.Clean(data)
	switch {
	case errors.Is(err, logo.ErrTooLarge), errors.Is(err, logo.ErrFormat), errors.Is(err, logo.ErrSide):
		return nil, err.Error(), nil
	default:
		return picture, "", err
	}
}
