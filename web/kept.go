package web

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
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
)

// maxKept bounds a form that goes along with the sign-in, in bytes.
const maxKept = maxForm

// keepForm answers a form that came after the session had ended. Nothing is
// done and nothing is stored: the sign-in page takes the fields along, and they
// are offered again afterwards. Passwords and files are not taken along; the
// passwords are asked for again.
func (k *kit) keepForm(w http.ResponseWriter, r *http.Request) error {
	kept, ok := readKept(r)
	if !ok || kept.Encoded == "" {
		return toSignIn(w, r)
	}
	return k.asker.RenderSignIn(w, r, http.StatusUnauthorized, person.SignInForm{Kept: kept})
}

// readKept takes the fields of a form along; false when some of them cannot be.
func readKept(r *http.Request) (*person.KeptForm, bool) {
	if err := r.ParseMultipartForm(maxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, false
	}
	kept := &person.KeptForm{Action: r.URL.Path}
	var secrets []string
	if r.MultipartForm != nil {
		for _, files := range r.MultipartForm.File {
			kept.Files = kept.Files || slices.ContainsFunc(files, func(f *multipart.FileHeader) bool { return f.Size > 0 })
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
	kept.Encoded, kept.Secrets = fields.Encode(), strings.Join(secrets, ",")
	return kept, len(kept.Encoded) <= maxKept
}

func isSecret(field string) bool { return strings.Contains(strings.ToLower(field), "password") }

// keptForm is the form that came along with a sign-in; nil when none did, or
// when it is not for a page of the console.
func (k *kit) keptForm(r *http.Request) *person.KeptForm {
	action := r.PostFormValue("kept_action")
	if action == "" || localPath(action) == "" || !k.isConsolePost(action) {
		return nil
	}
	return &person.KeptForm{Action: action, Encoded: r.PostFormValue("kept"), Files: r.PostFormValue("kept_files") != "",
		Secrets: r.PostFormValue("kept_secrets")}
}

func (k *kit) isConsolePost(address string) bool {
	console := chi.NewRouter()
	for _, rt := range k.routes {
		if rt.method == http.MethodPost {
			console.Method(rt.method, rt.pattern, http.NotFoundHandler())
		}
	}
	return console.Match(chi.NewRouteContext(), http.MethodPost, address)
}

// offerKept shows the kept form to who has just signed in. Saving it is a new
// request, which every check runs over again.
func (k *kit) offerKept(w http.ResponseWriter, r *http.Request, a model.Administrator, kept person.KeptForm) error {
	fields, err := url.ParseQuery(kept.Encoded)
	if err != nil {
		return seeOther(w, r, paths.Overview)
	}
	v := person.KeptPage{
		Page:   k.page(r, a, "", "Go on where you were", "Postern had to know first that it is you."),
		Action: kept.Action, Files: kept.Files, Leave: k.pageOf(kept.Action),
	}
	v.Page.Error = true
	for _, name := range sortedNames(fields) {
		for _, value := range fields[name] {
			v.Fields = append(v.Fields, person.KeptField{Name: name, Value: value, Shown: name != "version" && value != ""})
		}
	}
	for name := range strings.SplitSeq(kept.Secrets, ",") {
		if isSecret(name) {
			v.Secrets = append(v.Secrets, person.KeptField{Name: name})
		}
	}
	return k.render(w, r, http.StatusOK, person.Kept(v))
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

// pageOf is the nearest page above the address of a form: many forms post to
// an address below their page's.
func (k *kit) pageOf(action string) string {
	console := chi.NewRouter()
	for _, rt := range k.routes {
		if rt.method == http.MethodGet {
			console.Method(rt.method, rt.pattern, http.NotFoundHandler())
		}
	}
	for at := path.Clean(action); at != "/"; at = path.Dir(at) {
		if console.Match(chi.NewRouteContext(), http.MethodGet, at) {
			return at
		}
	}
	return paths.Overview
}
