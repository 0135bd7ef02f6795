package onepass

import (
	"bytes"
	"errors"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// formsOf are the canonical forms of a document that is read, by name.
func formsOf(d *Document) map[string][]byte {
	forms := map[string][]byte{}
	for p, name := range partNames {
		part := d.parts[p]
		forms[name] = d.canon[part.hashed.from:part.hashed.to]
		if part.signature != nil {
			forms[name+" SignedInfo"] = d.canon[part.signature.info.from:part.signature.info.to]
		}
	}
	return forms
}

var partNames = [parts]string{"Response", "Assertion"}

// theirForms are the same by etree and goxmldsig.
func theirForms(message []byte) (map[string][]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(message); err != nil || doc.Root() == nil {
		return nil, errors.Join(errors.New("etree refuses it"), err)
	}
	forms := map[string][]byte{}
	response := doc.Root()
	for name, e := range map[string]*etree.Element{partNames[WholeResponse]: response, partNames[TheAssertion]: named(response, "Assertion")} {
		detached, err := detach(e)
		if err != nil {
			return nil, err
		}
		list := ""
		if s := named(detached, "Signature"); s != nil {
			if forms[name+" SignedInfo"], err = theirSignedInfo(named(e, "Signature")); err != nil {
				return nil, err
			}
			if of := s.FindElement(".//InclusiveNamespaces"); of != nil {
				list = of.SelectAttrValue("PrefixList", "")
			}
			detached.RemoveChild(s)
		}
		if forms[name], err = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(list).Canonicalize(detached); err != nil {
			return nil, err
		}
	}
	return forms, nil
}

func theirSignedInfo(signature *etree.Element) ([]byte, error) {
	info, err := detach(named(signature, "SignedInfo"))
	if err != nil {
		return nil, err
	}
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(info)
}

// detachedAssertion is the Assertion in a Response, with what is in scope there.
func detachedAssertion(response *etree.Element) (*etree.Element, error) {
	e := named(response, "Assertion")
	if e == nil {
		return nil, errors.New("no Assertion")
	}
	return detach(e)
}

func detach(e *etree.Element) (*etree.Element, error) {
	context, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(context, e)
}

func named(e *etree.Element, tag string) *etree.Element {
	for _, c := range e.ChildElements() {
		if c.Tag == tag {
			return c
		}
	}
	return nil
}

// compare reads a message, and if that can be done holds the canonical forms against
// goxmldsig's. It tells whether the message is in the language.
func compare(t testing.TB, message []byte) bool {
	t.Helper()
	d, err := Read(message)
	if err != nil {
		return false
	}
	theirs, err := theirForms(message)
	if err != nil {
		t.Errorf("canonicalized here, and there: %v\n%q", err, message)
		return true
	}
	ours := formsOf(d)
	if len(ours) != len(theirs) {
		t.Errorf("%d forms here, %d there: %q", len(ours), len(theirs), message)
	}
	for name, form := range ours {
		if !bytes.Equal(form, theirs[name]) {
			t.Errorf("%s:\nours   %q\ntheirs %q\nof %q", name, form, theirs[name], message)
		}
	}
	return true
}
