package sso

import (
	"encoding/base64"
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

var (
	awsID      = regexp.MustCompile(`^((ssoins|apl|ins|d)-[0-9a-f]{8,20}|\d{12})$`)
	schemeless = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?/\S+$`)
	encoded    = regexp.MustCompile(`^[A-Za-z0-9+/_%-]{40,}={0,2}$`)
)

// RecognisePaste says what somebody pasted: XML that ParseMetadata is to read,
// the address of metadata, or a *PasteError for everything else.
func RecognisePaste(text string, o MetadataOptions) (Paste, error) {
	text = strings.TrimSpace(string(MetadataText([]byte(text))))
	lower := strings.ToLower(text)
	if inside := unwrapped(text); inside != "" {
		text, lower = inside, strings.ToLower(inside)
	}
	switch {
	case text == "":
		return Paste{}, pasteErrors["empty"]
	case strings.HasPrefix(text, "<"):
		return Paste{Kind: PasteMetadataXML, XML: []byte(text)}, nil
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return recogniseURL(text, o)
	case schemeless.MatchString(lower):
		if _, err := recogniseURL("https://"+text, o); err != nil {
			return Paste{}, err // with its beginning it would still be the wrong one
		}
	}
	return Paste{}, pasteErrors[recogniseText(text, lower)]
}

// unwrapped takes an address out of the quotes or brackets that messages put
// around it; empty when there are none.
func unwrapped(text string) string {
	inside := strings.Trim(text, "\"'“”‘’<>() \t")
	if inside == text || !strings.HasPrefix(strings.ToLower(inside), "http") || strings.ContainsAny(inside, "<>\"") {
		return ""
	}
	return inside
}

// recogniseText is the code of a text that is neither XML nor an address.
func recogniseText(text, lower string) string {
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"), strings.HasPrefix(text, "<\x00"):
		return "encoding"
	case strings.HasPrefix(text, "-----BEGIN") && strings.Contains(text[:min(len(text), 64)], "PRIVATE KEY"):
		return "private_key"
	case strings.HasPrefix(text, "-----BEGIN"), strings.HasPrefix(text, "MII"), strings.HasPrefix(text, "0\x82"):
		return "certificate_only"
	case strings.HasPrefix(lower, "arn:aws"):
		return "arn"
	case awsID.MatchString(lower):
		return "aws_id"
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		return recogniseJSON(lower)
	case strings.HasPrefix(text, "SAMLResponse="):
		return "saml_response"
	case strings.HasPrefix(text, "SAMLRequest="):
		return "saml_request"
	case strings.HasPrefix(lower, "this xml file does not appear"):
		return "browser_view"
	case strings.HasPrefix(lower, "&lt;"):
		return "escaped_xml"
	case strings.Contains(text, "EntityDescriptor") && strings.Contains(text, "<"):
		return "surrounded"
	case schemeless.MatchString(lower):
		return "no_scheme"
	}
	return recogniseEncoded(text)
}

// recogniseJSON is the code of what begins as JSON does.
func recogniseJSON(lower string) string {
	switch {
	case strings.Contains(lower, `"no access"`):
		return "json_no_access"
	case strings.Contains(lower, `"issuer"`) && strings.Contains(lower, `_endpoint"`), strings.Contains(lower, `"jwks_uri"`):
		return "openid_document"
	default:
		return "json"
	}
}

// recogniseEncoded looks into base64, in which programs pass on metadata and
// responses.
func recogniseEncoded(text string) string {
	joined := strings.Join(strings.Fields(text), "")
	if !encoded.MatchString(joined) {
		return "not_xml"
	}
	inside, err := base64.StdEncoding.DecodeString(joined)
	if err != nil {
		return "base64"
	}
	head := string(inside[:min(len(inside), 512)])
	switch {
	case strings.Contains(head, "EntityDescriptor"):
		return "base64_metadata"
	case strings.Contains(head, "Response"):
		return "saml_response"
	case strings.Contains(head, "AuthnRequest"):
		return "saml_request"
	default:
		return "base64"
	}
}

func recogniseURL(text string, o MetadataOptions) (Paste, error) {
	if fields := strings.Fields(text); len(fields) > 1 {
		return Paste{}, recogniseAddresses(fields)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return Paste{}, pasteErrors["not_xml"]
	}
	host, kind := u.Hostname(), simulated.FindStringSubmatch(u.Path)
	switch {
	case o.OurEntityID != "" && text == o.OurEntityID:
		return Paste{}, pasteErrors["own_metadata"]
	case ours(text, o):
		return Paste{}, pasteErrors["own_address"]
	case kind != nil && (kind[1] == "logout" || kind[3] != ""):
		return Paste{}, pasteErrors["sign_out_url"]
	case kind != nil && kind[1] == "assertion":
		return Paste{}, pasteErrors["sign_in_url"]
	}
	if code := recogniseAWSPage(host, u.Path); code != "" {
		return Paste{}, pasteErrors[code]
	}
	switch {
	case u.Path == "/start", strings.HasPrefix(u.Path, "/start/"): // an access portal under a name of the company
		return Paste{}, pasteErrors["portal_url"]
	case !goodEndpoint(text, o):
		return Paste{}, pasteErrors["not_https"]
	}
	return Paste{Kind: PasteMetadataURL, URL: text}, nil
}

// recogniseAWSPage is the code of an address of AWS, in whatever partition, at
// which there is no metadata of an application; empty for every other.
func recogniseAWSPage(host, path string) string {
	switch {
	case isHost(host, signInHosts) && strings.Contains(path, "/platform/saml/"):
		return "aws_sp_metadata"
	case isHost(host, signInHosts) && strings.Contains(path, "saml-metadata.xml"):
		return "aws_account_metadata"
	case isHost(host, consoleHosts), isHost(host, signInHosts):
		return "console_url"
	case isHost(host, portalHosts):
		return "portal_url"
	case isHost(host, issuerHosts):
		return "issuer_url"
	case scimHost.MatchString(strings.ToLower(host)):
		return "scim_url"
	}
	return ""
}

// recogniseAddresses judges a text that begins with an address and goes on. Of
// the addresses of one application it names the one to paste.
func recogniseAddresses(fields []string) *PasteError {
	tokens := map[string]bool{}
	metadata := ""
	for _, f := range fields {
		m := simulated.FindStringSubmatch(f)
		if m == nil {
			continue
		}
		tokens[m[2]] = true
		if m[1] == "metadata" {
			metadata = f
		}
	}
	switch {
	case len(tokens) > 1:
		return pasteErrors["two_applications"]
	case metadata != "":
		e := *pasteErrors["several_urls"]
		e.Remedy = "Paste only this one: " + metadata
		return &e
	default:
		return pasteErrors["several_urls"]
	}
}

// ours tells whether an address or an entity ID is one of this Postern's, of
// this connection or of another.
func ours(address string, o MetadataOptions) bool {
	us, err := url.Parse(o.OurEntityID)
	if err != nil || us.Host == "" {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && strings.EqualFold(u.Host, us.Host)
}
