package webtest

import (
	"encoding/xml"
	"strings"
)

func (p *Page) XmlBody() string { return strings.TrimPrefix(p.Body, xml.Header) }
