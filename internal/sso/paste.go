package sso

import (
	"net/url"
	"regexp"
	"strings"
)

// PasteError says what somebody pasted in place of AWS's metadata, and what to
// paste instead.
type PasteError struct{ Code, Title, Text, Remedy string }

func (e *PasteError) Error() string { return e.Title + ". " + e.Text + " " + e.Remedy }

// Paste is what was recognized.
type Paste struct {
	Kind string // "metadata_xml" or "metadata_url"
	URL  string
	XML  []byte
}

// Kinds of paste that can be used.
const (
	PasteMetadataXML = "metadata_xml"
	PasteMetadataURL = "metadata_url"
)

const (
	whereMetadata = "In AWS, open the application and look at the panel “IAM Identity Center metadata”: download the “IAM Identity Center SAML metadata file”, or copy its address."
	whereAgain    = "Download the “IAM Identity Center SAML metadata file” again and choose the file, or copy all of its text."
)

func pasteError(code, title, text, remedy string) *PasteError {
	return &PasteError{Code: code, Title: title, Text: text, Remedy: remedy}
}

// pasteErrors has the words for everything that is not AWS's metadata.
var pasteErrors = index(
	pasteError("empty", "Nothing was given", "There is no file, no text and no address.", whereMetadata),
	pasteError("too_large", "This is too large", "AWS's metadata is a few kilobytes; this is more than a megabyte.", whereAgain),
	pasteError("not_xml", "This is not a metadata file", "It is not XML, or only a part of it.", whereAgain),
	pasteError("not_metadata", "This is XML, but not metadata", "The file has another purpose, or a part of it is missing.", whereMetadata),
	pasteError("hostile_xml", "This file cannot be trusted", "It has parts that metadata never has, such as a document type declaration or thousands of elements.", whereMetadata),
	pasteError("html_page", "This is a web page", "You saved or copied a page instead of the file. That happens when the browser was signed out of AWS.", whereMetadata),
	pasteError("own_metadata", "This is Postern's own metadata", "It is meant for AWS, and belongs into “Upload application SAML metadata file” there.", whereMetadata),
	pasteError("saml_response", "This is a login, not metadata", "You pasted a SAML response, as AWS shows it in administrator mode.", "To have a login judged, use the inspector under Logins. "+whereMetadata),
	pasteError("no_idp", "This metadata is not of an identity provider", "It describes an application, not AWS.", whereMetadata),
	pasteError("several_idps", "This file has several identity providers", "Postern cannot tell which one you mean.", "Use the file of one application. "+whereMetadata),
	pasteError("no_certificate", "This metadata has no certificate", "Without it no login can be verified.", whereAgain),
	pasteError("bad_certificate", "The certificate in this metadata cannot be read", "The text was probably changed on the way, for example by an editor that wraps lines.", whereAgain),
	pasteError("no_redirect", "This metadata has no sign-in address", "There is no address for the HTTP-Redirect binding, which AWS always has.", whereAgain),
	pasteError("unsupported_url", "This metadata has a sign-in address that is not https", "Postern sends people only to https addresses.", whereAgain),
	pasteError("two_applications", "This mixes two AWS applications", "The addresses in it belong to different applications.", "Use the file of the one application that you made for Postern. "+whereMetadata),
	pasteError("certificate_only", "This is a certificate", "It is only a part of what Postern needs.", whereMetadata),
	pasteError("portal_url", "This is the address of the access portal", "People open it to see their tiles; it does not describe your application.", whereMetadata),
	pasteError("console_url", "This is a page of the AWS console", "Postern cannot sign in there.", whereMetadata),
	pasteError("arn", "This is an ARN", "AWS uses it to name the application in its own programs.", whereMetadata),
	pasteError("sign_in_url", "This is the sign-in address or the issuer", "AWS shows three addresses that look alike; this is “IAM Identity Center sign-in URL” or “IAM Identity Center SAML issuer URL”.", "The one you need has “/saml/metadata/” in it. "+whereMetadata),
	pasteError("sign_out_url", "This is the sign-out address", "AWS shows three addresses that look alike; this is “IAM Identity Center sign-out URL”.", "The one you need has “/saml/metadata/” in it. "+whereMetadata),
	pasteError("not_https", "This address is not https", "Metadata decides who may sign in, so Postern fetches it only over https.", whereMetadata),
	pasteError("several_urls", "These are several addresses", "Postern needs one.", "Paste only the address of the SAML metadata file. "+whereMetadata),
)

func index(all ...*PasteError) map[string]*PasteError {
	m := make(map[string]*PasteError, len(all))
	for _, e := range all {
		m[e.Code] = e
	}
	return m
}

var portalHost = regexp.MustCompile(`(^|\.)(awsapps\.com|app\.aws|portal\.amazonaws\.com)$|^start\..*home\.awsapps\.com$`)

// RecognisePaste says what somebody pasted: metadata as text, its address, or
// a *PasteError for everything else.
func RecognisePaste(text string, o MetadataOptions) (Paste, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	lower := strings.ToLower(text)
	switch {
	case text == "":
		return Paste{}, pasteErrors["empty"]
	case strings.HasPrefix(text, "-----BEGIN CERTIFICATE"), strings.HasPrefix(text, "MII"):
		return Paste{}, pasteErrors["certificate_only"]
	case strings.HasPrefix(lower, "arn:aws"):
		return Paste{}, pasteErrors["arn"]
	case strings.HasPrefix(text, "<"):
		if _, err := ParseMetadata([]byte(text), o); err != nil {
			return Paste{}, err
		}
		return Paste{Kind: PasteMetadataXML, XML: []byte(text)}, nil
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return recogniseURL(text, o)
	}
	return Paste{}, pasteErrors["not_xml"]
}

func recogniseURL(text string, o MetadataOptions) (Paste, error) {
	if fields := strings.Fields(text); len(fields) > 1 {
		tokens := map[string]bool{}
		for _, f := range fields {
			if token := applicationToken(f); token != "" {
				tokens[token] = true
			}
		}
		if len(tokens) > 1 {
			return Paste{}, pasteErrors["two_applications"]
		}
		return Paste{}, pasteErrors["several_urls"]
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return Paste{}, pasteErrors["not_xml"]
	}
	host := strings.ToLower(u.Hostname())
	kind := simulated.FindStringSubmatch(u.Path)
	switch {
	case o.OurEntityID != "" && text == o.OurEntityID:
		return Paste{}, pasteErrors["own_metadata"]
	case kind != nil && kind[1] == "assertion":
		return Paste{}, pasteErrors["sign_in_url"]
	case kind != nil && kind[1] == "logout":
		return Paste{}, pasteErrors["sign_out_url"]
	case strings.HasSuffix(host, "console.aws.amazon.com"), strings.HasSuffix(host, "signin.aws"):
		return Paste{}, pasteErrors["console_url"]
	case portalHost.MatchString(host), strings.HasPrefix(u.Path, "/start") && kind == nil:
		return Paste{}, pasteErrors["portal_url"]
	case !goodEndpoint(text, o):
		return Paste{}, pasteErrors["not_https"]
	}
	return Paste{Kind: PasteMetadataURL, URL: text}, nil
}
