package awssim

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

//go:embed pages
var pageFiles embed.FS

var errNotFound = errors.New("not found")

// handler answers a request, or returns the error that page answers.
type handler func(http.ResponseWriter, *http.Request) error

// view is what the layout and a page show.
type view struct {
	Title   string
	Section string // the entry of the navigation to mark
	Problem string // what was wrong with a form
	Data    any
	Person  *Person // who is signed in to the access portal; render sets it
}

// page turns a handler's error into a page.
func (s *Simulator) page(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		var refusal *Refusal
		switch {
		case errors.As(err, &refusal):
			s.answerRefusal(w, r, refusal)
		case errors.Is(err, errNotFound), errors.Is(err, ErrUnknown):
			s.render(w, r, http.StatusNotFound, "error", view{Title: "Page not found", Data: "There is nothing at this address."})
		default:
			s.log.ErrorContext(r.Context(), "simulated AWS: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
			s.render(w, r, http.StatusInternalServerError, "error", view{Title: "The simulator failed", Data: err.Error()})
		}
	})
}

// answerRefusal answers as AWS does: JSON to a client that asks for it, else a
// page. The type name is captured for "No access" only.
func (s *Simulator) answerRefusal(w http.ResponseWriter, r *http.Request, refusal *Refusal) {
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "json") && !strings.Contains(accept, "text/html") {
		name := "ForbiddenException"
		if refusal.Status == http.StatusBadRequest {
			name = "InvalidRequestException"
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(refusal.Status)
		_ = json.NewEncoder(w).Encode(struct {
			Message string `json:"message"`
			Type    string `json:"__type"`
		}{refusal.Message, "com.amazonaws.switchboard.portal#" + name})
		return
	}
	s.render(w, r, refusal.Status, "refused", view{Title: refusal.Message, Data: refusal})
}

// render executes a page into memory first, so that an error is not half a page.
func (s *Simulator) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Person = s.signedIn(r)
	var b bytes.Buffer
	if err := s.pages[name].Execute(&b, v); err != nil {
		s.log.ErrorContext(r.Context(), "simulated AWS: page failed", "page", name, "error", err)
		http.Error(w, "The simulator could not show this page. Its log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // whoever asked has gone
}

// parsePages returns the pages by name, each within the layout.
func parsePages() (map[string]*template.Template, error) {
	files, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		t, err := template.New("layout.html").Funcs(pageFuncs()).ParseFS(pageFiles, "pages/layout.html", "pages/parts.html", file)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		pages[name] = t
	}
	return pages, nil
}

func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"date":       func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
		"hours":      hours,
		"pathEscape": url.PathEscape,
		"initial":    func(s string) string { return string([]rune(s + " ")[:1]) },
		"field":      func(label, name, value, hint string) field { return field{label, name, value, hint} },
		"copyable":   func(label, value string) field { return field{Label: label, Value: value} },
	}
}

// field is a labeled input, or a labeled value with a copy button.
type field struct{ Label, Name, Value, Hint string }

// hours writes a session duration.
func hours(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d == time.Hour:
		return "1 hour"
	default:
		return fmt.Sprintf("%g hours", d.Hours())
	}
}

func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
