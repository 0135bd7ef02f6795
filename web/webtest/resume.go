package webtest

import (
	"io"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

func FormBody(form url.Values) io.Reader { return strings.NewReader(form.Encode()) }

// Hidden are the hidden fields of a page's form.
func (p *Page) Hidden(form string) url.Values {
	fields := url.Values{}
	p.Doc.Find(form + " input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		fields.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	return fields
}
