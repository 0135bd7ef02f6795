package help

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/postern-sso/postern/docs/guide"
	"github.com/postern-sso/postern/docs/images"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/help"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// reasonsPage is the page of the guide below which every reason of refusal is
// listed, from the table that the product itself uses.
const reasonsPage = "when-somebody-cannot-sign-in"

// guidePages reads and renders the guide once.
var guidePages = sync.OnceValues(func() ([]help.GuidePage, error) { //nolint:gochecknoglobals // rendered once, never changed
	names, err := fs.Glob(guide.FS, "*.md")
	if err != nil {
		return nil, err
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithASTTransformers(util.Prioritized(guideLinks{}, 100))))
	var pages []help.GuidePage
	for _, name := range names {
		source, err := fs.ReadFile(guide.FS, name)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := markdown.Convert(source, &out); err != nil {
			return nil, fmt.Errorf("guide %s: %w", name, err)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(source), "# "), "\n")
		_, html, _ := strings.Cut(out.String(), "</h1>") // the page has its own
		pages = append(pages, help.GuidePage{Slug: guideSlug(name), Title: title, HTML: html})
	}
	return pages, nil
})

// guideSlug is a file's name without its number and ending.
func guideSlug(name string) string {
	_, slug, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".md"), "-")
	return slug
}

// guideLinks makes links between the files of the guide, as they are in the
// repository, links between its pages.
type guideLinks struct{}

// Transform implements parser.ASTTransformer.
func (guideLinks) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch link := n.(type) {
			case *ast.Link:
				if name, anchor, _ := strings.Cut(string(link.Destination), "#"); strings.HasSuffix(name, ".md") {
					link.Destination = []byte(paths.HelpPage(guideSlug(name)))
					if anchor != "" {
						link.Destination = append(link.Destination, "#"+anchor...)
					}
				}
			case *ast.Image:
				if name, ok := strings.CutPrefix(string(link.Destination), "../images/"); ok {
					link.Destination = []byte(paths.HelpImage(name))
				}
			}
		}
		return ast.WalkContinue, nil
	}) // the function never fails
}

// showHelp shows the guide's first page, or what a search finds.
func (rm *Room) showHelp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	search := strings.TrimSpace(r.URL.Query().Get("q"))
	return rm.renderHelp(w, r, a, "", search)
}

func (rm *Room) showHelpPage(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderHelp(w, r, a, kit.PathValue(r, "page"), "")
}

func (rm *Room) renderHelp(w http.ResponseWriter, r *http.Request, a model.Administrator, slug, search string) error {
	pages, err := guidePages()
	if err != nil {
		return err
	}
	v := help.HelpPage{Pages: pages, Search: search}
	for i, p := range pages {
		if p.Slug == slug || (slug == "" && i == 0) {
			v.Current = p
			if i > 0 {
				v.Previous = &pages[i-1]
			}
			if i+1 < len(pages) {
				v.Next = &pages[i+1]
			}
		}
	}
	if search != "" {
		if v.Findings, err = searchGuide(search); err != nil {
			return err
		}
	}
	if v.Current.Slug == "" {
		return store.ErrNotFound
	}
	if v.Current.Slug == reasonsPage {
		for _, code := range model.Codes {
			v.Reasons = append(v.Reasons, sso.Explain(code))
		}
	}
	title := v.Current.Title
	if search != "" {
		title = "Search the guide"
	}
	v.Page = rm.Page(r, a, layout.NavHelp, title, "")
	return rm.Render(w, r, http.StatusOK, help.Help(v))
}

// helpImage is a picture of the guide.
func (rm *Room) helpImage(w http.ResponseWriter, r *http.Request, _ model.Administrator) error {
	data, err := fs.ReadFile(images.FS, path.Base(kit.PathValue(r, "name")))
	if err != nil {
		return store.ErrNotFound
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(data) // the browser may be gone
	return nil
}
