package sso

import (
	"encoding/base64"
	"errors"

	"github.com/beevik/etree"
)

// Errors of changes to what is trusted.
var (
	ErrLastCertificate = errors.New("the last certificate cannot be removed: nobody could sign in")
	ErrOtherIdP        = errors.New("the metadata is of another identity provider")
	ErrStillTrusted    = errors.New("the certificate is in the metadata in a form that cannot be taken out")
)

// CompareCertificates tells which certificates one metadata has and another has
// not, both ways.
func CompareCertificates(trusted, offered *IdentityProvider) (fresh, gone []Certificate) {
	return without(offered.Certificates, trusted.Certificates), without(trusted.Certificates, offered.Certificates)
}

func without(all, some []Certificate) []Certificate {
	known := map[string]bool{}
	for _, c := range some {
		known[c.Fingerprint] = true
	}
	var rest []Certificate
	for _, c := range all {
		if !known[c.Fingerprint] {
			rest = append(rest, c)
		}
	}
	return rest
}

// AddCertificates is metadata that is trusted, with the signing certificates of
// other metadata of the same identity provider added. Nothing else of the other
// metadata is taken over: no address, no name.
func AddCertificates(trusted string, offered *IdentityProvider, o MetadataOptions) (string, error) {
	have, err := ParseMetadata([]byte(trusted), o)
	if err != nil {
		return "", err
	}
	if have.EntityID != offered.EntityID {
		return "", ErrOtherIdP
	}
	fresh, _ := CompareCertificates(have, offered)
	if len(fresh) == 0 {
		return trusted, nil
	}
	doc, descriptor, err := readDescriptor(trusted)
	if err != nil {
		return "", err
	}
	at := 0
	for _, k := range descriptor.ChildElements() {
		if k.Tag == "KeyDescriptor" {
			at = k.Index() + 1 // behind the last one: the schema wants them together
		}
	}
	for _, c := range fresh {
		k := etree.NewElement("KeyDescriptor")
		k.CreateAttr("xmlns", nsMetadata)
		k.CreateAttr("use", "signing")
		info := k.CreateElement("KeyInfo")
		info.CreateAttr("xmlns", nsSignature)
		info.CreateElement("X509Data").CreateElement("X509Certificate").SetText(base64.StdEncoding.EncodeToString(c.Raw))
		descriptor.InsertChildAt(at, k)
		at++
	}
	return written(doc, o)
}

// RemoveCertificate is metadata without the certificate with that fingerprint;
// ErrLastCertificate when there is no other. One that is not there is no error.
func RemoveCertificate(trusted, fingerprint string, o MetadataOptions) (string, error) {
	have, err := ParseMetadata([]byte(trusted), o)
	if err != nil {
		return "", err
	}
	if len(have.Certificates) == 1 && have.Certificates[0].Fingerprint == fingerprint {
		return "", ErrLastCertificate
	}
	doc, descriptor, err := readDescriptor(trusted)
	if err != nil {
		return "", err
	}
	for _, k := range descriptor.ChildElements() {
		if use := attributeValue(k, "use"); k.Tag != "KeyDescriptor" || (use != "" && use != "signing") {
			continue // as ParseMetadata reads it
		}
		for _, c := range k.FindElements(".//X509Certificate") {
			if fingerprintOf(c.Text()) == fingerprint {
				c.Parent().RemoveChild(c)
			}
		}
		if k.FindElement(".//X509Certificate") == nil {
			descriptor.RemoveChild(k)
		}
	}
	text, err := written(doc, o)
	if err != nil {
		return "", err
	}
	return text, notTrusted(text, fingerprint, o)
}

// notTrusted reads the metadata once more: what was removed must not count any
// more, however it was written there.
func notTrusted(metadata, fingerprint string, o MetadataOptions) error {
	idp, err := ParseMetadata([]byte(metadata), o)
	if err != nil {
		return err
	}
	for _, c := range idp.Certificates {
		if c.Fingerprint == fingerprint {
			return ErrStillTrusted
		}
	}
	return nil
}

func fingerprintOf(text string) string {
	der, err := certificateBytes(text)
	if err != nil {
		return ""
	}
	return fingerprint(der)
}

// readDescriptor finds what describes the identity provider in metadata that
// ParseMetadata has read.
func readDescriptor(metadata string) (*etree.Document, *etree.Element, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(MetadataText([]byte(metadata))); err != nil {
		return nil, nil, pasteErrors["not_xml"]
	}
	found := doc.FindElement("//IDPSSODescriptor")
	if found == nil {
		return nil, nil, pasteErrors["no_idp"]
	}
	return doc, found, nil
}

// written is the document as text that can be read again.
func written(doc *etree.Document, o MetadataOptions) (string, error) {
	text, err := doc.WriteToString()
	if err != nil {
		return "", err
	}
	if _, err := ParseMetadata([]byte(text), o); err != nil {
		return "", err
	}
	return text, nil
}
