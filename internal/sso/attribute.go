package sso

import "github.com/beevik/etree"

// attributeOf is an attribute of an element as SAML has it: without a prefix.
// etree's own SelectAttr takes, for a name without prefix, one with any prefix.
func attributeOf(e *etree.Element, name string) (value string, ok bool) {
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == name {
			return a.Value, true
		}
	}
	return "", false
}

// attributeValue is likewise, empty where there is none.
func attributeValue(e *etree.Element, name string) string {
	value, _ := attributeOf(e, name)
	return value
}
