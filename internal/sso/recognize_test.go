package sso_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

func deflated(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// What is pasted in place of a response is named; a response is none of it.
func TestWhatIsPastedIsNamed(t *testing.T) {
	t.Parallel()
	const request = `<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>`
	for input, want := range map[string]string{
		request: "a request (AuthnRequest)",
		base64.StdEncoding.EncodeToString([]byte(request)): "a request (AuthnRequest)",
		deflated(t, request): "deflated",
		"SAMLRequest=" + url.QueryEscape(deflated(t, request)):                      "a SAMLRequest",
		deflated(t, `<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>`): "a SAML response, but deflated",
		sceneMetadata():                        "metadata (EntityDescriptor)",
		"<!DOCTYPE html><html><body>x":         "an HTML page",
		"<a/>":                                 "its root is a",
		`{"requests": [{"url": "https://x"}]}`: "JSON, and no SAML response",
		"hello, world":                         "neither XML nor base64",
		"aGVsbG8=":                             "not XML",
		`<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>`: "an Assertion without the Response",
		"": "",
	} {
		if got := sso.NotResponse([]byte(input)); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%.40q: %q, want %q", input, got, want)
		}
	}
}

// A response is found in what SAML tracers and browsers export, and judged.
func TestExportsOfTracersAreRead(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Millisecond)
	s := newScene(now)
	message := attack.Variants()[0].Mint(&s)
	field := base64.StdEncoding.EncodeToString([]byte(message))
	for name, export := range map[string]any{
		"SAML-tracer":     map[string]any{"requests": []any{map[string]any{"method": "POST", "post": []any{[]any{"SAMLResponse", field}, []any{"RelayState", "x"}}}}},
		"decoded":         map[string]any{"requests": []any{map[string]any{"saml": message}}},
		"HAR":             map[string]any{"log": []any{map[string]any{"params": []any{map[string]any{"name": "SAMLResponse", "value": url.QueryEscape(field)}}}}},
		"a member":        map[string]any{"SAMLResponse": field},
		"a body as text":  map[string]any{"text": "SAMLResponse=" + url.QueryEscape(field) + "&RelayState=x"},
		"the last counts": []any{map[string]any{"SAMLResponse": "PHg+"}, map[string]any{"SAMLResponse": field}},
	} {
		text, err := json.Marshal(export)
		if err != nil {
			t.Fatal(err)
		}
		if is := sso.NotResponse(text); is != "" {
			t.Errorf("%s: %s", name, is)
		}
		v := sso.Inspect(text, sso.InspectOptions{Metadata: sceneProvider(), Now: now, RequireSignatures: model.SignaturesBoth, ClockSkew: time.Minute})
		if !v.Accepted {
			t.Errorf("%s: %+v", name, v.Refusal)
		}
	}
}

// Answers can be judged by metadata that has an address for POST alone.
func TestMetadataForPOSTAloneJudges(t *testing.T) {
	t.Parallel()
	text := []byte(strings.ReplaceAll(sceneMetadata(), "bindings:HTTP-Redirect", "bindings:HTTP-POST"))
	if _, err := sso.ParseMetadata(text, sso.MetadataOptions{}); err == nil {
		t.Error("people could be sent to it")
	}
	if _, err := sso.ParseMetadata(text, sso.MetadataOptions{ToJudge: true}); err != nil {
		t.Error(err)
	}
}
