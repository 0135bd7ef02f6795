package kit

import (
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/paths"
)

// maxResumed bounds a form that goes along with the sign-in, in bytes.
const maxResumed = MaxForm

// resumeAfterSignIn answers a form that came after the session had ended. Nothing is
// done and nothing is stored: the sign-in page takes the fields along, and they
// are offered again afterwards. Passwords and files are not taken along; the
// passwords are asked for again.
func (k *Kit) resumeAfterSignIn(w http.ResponseWriter, r *http.Request) error {
	resumed, ok := ReadResumed(r)
	if !ok || resumed.Encoded == "" {
		return ToSignIn(w, r)
	}
	return k.asker.RenderSignIn(w, r, http.StatusUnauthorized, access.SignInForm{Resumed: resumed})
}

// ReadResumed takes the fields of a form along; false when some of them cannot be.
func ReadResumed(r *http.Request) (*access.ResumedForm, bool) {
	if err := r.ParseMultipartForm(MaxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, false
	}
	resumed := &access.ResumedForm{Action: r.URL.Path}
	var secrets []string
	if r.MultipartForm != nil {
		for _, files := range r.MultipartForm.File {
			resumed.Files = resumed.Files || slices.ContainsFunc(files, func(f *multipart.FileHeader) bool { return f.Size > 0 })
		}
	}
	fields := url.Values{}
	for name, values := range r.PostForm {
		if isSecret(name) {
			if strings.Join(values, "") != "" {
				secrets = append(secrets, name)
			}
			continue
		}
		fields[name] = values
	}
	slices.Sort(secrets)
	resumed.Encoded, resumed.Secrets = fields.Encode(), strings.Join(secrets, ",")
	return resumed, len(resumed.Encoded) <= maxResumed
}

func isSecret(field string) bool { return strings.Contains(strings.ToLower(field), "password") }

// ResumedForm is the form that came along with a sign-in; nil when none did, or
// when it is not for a page of the console.
func (k *Kit) ResumedForm(r *http.Request) *access.ResumedForm {
	action := r.PostFormValue("kept_action")
	if action == "" || LocalPath(action) == "" || !k.isConsolePost(action) {
		return nil
	}
	return &access.ResumedForm{Action: action, Encoded: r.PostFormValue("kept"), Files: r.PostFormValue("kept_files") != "",
		Secrets: r.PostFormValue("kept_secrets")}
}

func (k *Kit) isConsolePost(address string) bool {
	console := chi.NewRouter()
	for _, rt := range k.console {
		if rt.Method == http.MethodPost {
			console.Method(rt.Method, rt.Pattern, http.NotFoundHandler())
		}
	}
	return console.Match(chi.NewRouteContext(), http.MethodPost, address)
}

// OfferResumed shows the resumed form to who has just signed in. Saving it is a new
// request, which every check runs over again.
func (k *Kit) OfferResumed(w http.ResponseWriter, r *http.Request, a model.Administrator, resumed access.ResumedForm) error {
	fields, err := url.ParseQuery(resumed.Encoded)
	if err != nil {
		return SeeOther(w, r, paths.Overview)
	}
	v := access.ResumePage{
		Page:   k.Page(r, a, "", "Go on where you were", "Postern had to know first that it is you."),
		Action: resumed.Action, Files: resumed.Files, Leave: k.PageOf(resumed.Action),
	}
	v.Page.Error = true
	for _, name := range sortedNames(fields) {
		for _, value := range fields[name] {
			v.Fields = append(v.Fields, access.ResumedField{Name: name, Value: value, Shown: name != "version" && value != ""})
		}
	}
	for name := range strings.SplitSeq(resumed.Secrets, ",") {
		if isSecret(name) {
			v.Secrets = append(v.Secrets, access.ResumedField{Name: name})
		}
	}
	return k.Render(w, r, http.StatusOK, access.Resume(v))
}

func sortedNames(fields url.Values) []string {
	var names []string
	for name := range fields {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// PageOf is the nearest page above the address of a form: many forms post to
// an address below their page's.
func (k *Kit) PageOf(action string) string {
	console := chi.NewRouter()
	for _, rt := range k.console {
		if rt.Method == http.MethodGet {
			console.Method(rt.Method, rt.Pattern, http.NotFoundHandler())
		}
	}
	for at := path.Clean(action); at != "/"; at = path.Dir(at) {
		if console.Match(chi.NewRouteContext(), http.MethodGet, at) {
			return at
		}
	}
	return paths.Overview
}
