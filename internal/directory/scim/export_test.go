package scim

import (
	"reflect"

	"github.com/postern-sso/postern/internal/model"
)

// RightToken finds the token of an Authorization header.
func RightToken(header string, tokens []model.SCIMToken) (model.SCIMToken, bool) {
	return rightToken(header, tokens)
}

// ReadEvery reads a body and a text as everything that the server takes.
func ReadEvery(data []byte) {
	if body, err := readObject(data); err == nil {
		if ops, err := readPatch(body); err == nil {
			for _, t := range resourceTypes() {
				e := edit{of: t, doc: object{t.nameKey: "ana"}}
				_ = e.apply(ops)
				_ = e.members()
				_ = t.fold(e.doc)
			}
		}
		for _, t := range resourceTypes() {
			e := edit{of: t, doc: object{}}
			_ = e.apply([]operation{{verb: verbAdd, value: body}})
			_ = e.members()
			_ = t.fold(e.doc)
		}
	}
}

// ReadExpression reads a filter and a path.
func ReadExpression(text []byte) {
	for _, t := range resourceTypes() {
		_, _ = t.readFilter(string(text))
		_, _ = (&edit{of: t}).locate(string(text))
	}
}

// PathsAgree tells whether a path of the usual form is read as any other would be.
func PathsAgree(path string) (usual, agree bool) {
	p, usual := readUsualPath(path)
	if !usual {
		return false, true
	}
	q, err := readPath(path)
	same := reflect.DeepEqual(p, q)
	if p.AttributePath.URIPrefix != nil && q.AttributePath.URIPrefix != nil { // of a URN the case of letters and the last colon do not matter
		same = p.String() == q.String()
	}
	return true, err == nil && same
}
