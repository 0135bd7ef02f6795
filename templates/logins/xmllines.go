package logins

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/sso"
)

// xmlLines shows XML with line numbers. It is written by hand because blanks
// count here. The numbers are drawn by CSS, so that copying takes the XML only.
// The first marked line is the anchor.
func xmlLines(lines []sso.Line) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		b.WriteString(`<pre class="xml xml-lines" tabindex="0" role="group" aria-label="The XML, line by line">`)
		first := firstMarked(lines)
		for i, l := range lines {
			if i > 0 {
				b.WriteString("\n")
			}
			switch {
			case i == first:
				b.WriteString(`<span class="xml-line xml-line-marked" id="` + xmlAnchor + `">`)
			case l.Marked:
				b.WriteString(`<span class="xml-line xml-line-marked">`)
			default:
				b.WriteString(`<span class="xml-line">`)
			}
			b.WriteString(strings.Repeat("  ", l.Depth))
			for _, p := range l.Parts {
				writePart(&b, p)
			}
			b.WriteString(`</span>`)
		}
		b.WriteString(`</pre>`)
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func writePart(b *strings.Builder, p sso.Part) {
	text := templ.EscapeString(p.Text)
	switch {
	case p.Marked:
		b.WriteString(`<mark>` + text + `</mark>`)
	case p.Kind == sso.PartText || p.Kind == sso.PartPunctuation:
		b.WriteString(text)
	default:
		b.WriteString(`<span class="xml-` + string(p.Kind) + `">` + text + `</span>`)
	}
}
