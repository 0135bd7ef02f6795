package help

import (
	"io/fs"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/postern-sso/postern/docs/guide"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/paths"
)

// guideSection is a heading of the guide with the text below it.
type guideSection struct{ page, title, href, text string }

// guideSections are the sections of all pages, with the reasons of refusal.
var guideSections = sync.OnceValues(func() ([]guideSection, error) { //nolint:gochecknoglobals // read once, never changed
	names, err := fs.Glob(guide.FS, "*.md")
	if err != nil {
		return nil, err
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	var all []guideSection
	for _, name := range names {
		source, err := fs.ReadFile(guide.FS, name)
		if err != nil {
			return nil, err
		}
		sections := cutAtHeadings(paths.HelpPage(guideSlug(name)), markdown.Parser().Parse(text.NewReader(source)), source)
		all = append(all, sections...)
		if guideSlug(name) != reasonsPage {
			continue
		}
		for _, code := range model.Codes {
			r := sso.Explain(code)
			words := []string{string(code)}
			for _, c := range r.Causes {
				words = append(words, string(c.ID), c.Happened, c.Fix, c.Where)
				for _, p := range c.Possible {
					words = append(words, p.Title, p.Check)
				}
			}
			all = append(all, guideSection{sections[0].page, r.Title, paths.HelpPage(reasonsPage) + "#" + string(code), strings.Join(words, " ")})
		}
	}
	return all, nil
})

// cutAtHeadings cuts a page, which begins with its title, at its headings.
func cutAtHeadings(href string, root ast.Node, source []byte) []guideSection {
	var all []guideSection
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		switch {
		case ok && len(all) == 0:
			title := plainText(h, source)
			all = append(all, guideSection{page: title, title: title, href: href})
		case ok:
			id, _ := h.AttributeString("id")
			name, _ := id.([]byte)
			all = append(all, guideSection{page: all[0].page, title: plainText(h, source), href: href + "#" + string(name)})
		case len(all) > 0:
			last := &all[len(all)-1]
			last.text = strings.TrimSpace(last.text + " " + plainText(n, source))
		}
	}
	return all
}

// plainText is the text of a node, with single spaces.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function never fails
		switch t := n.(type) {
		case *ast.Text:
			if entering {
				b.Write(t.Value(source))
				if t.SoftLineBreak() || t.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		default:
			if n.Type() == ast.TypeBlock {
				b.WriteByte(' ')
				if entering && n.IsRaw() {
					b.Write(n.Lines().Value(source))
				}
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(b.String()), " ")
}
