package wizard_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

func between(before, after model.Config) []string {
	return wizard.Differences(before, after, "https://sso.example.com", "aws", now)
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*model.Config)
		after  func(*model.Config)
		want   []string
	}{
		{"nothing", nil, nil, nil},
		{"audience", nil, func(c *model.Config) { c.EntityID = "urn:x" },
			[]string{"The audience changes from “https://sso.example.com/saml/aws/metadata” to “urn:x”."}},
		{"a domain goes", func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"example.com", "example.org"} },
			func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"example.com"} },
			[]string{"People from example.org will no longer be created."}},
		{"the first domain", nil, func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"example.com"} },
			[]string{"Only people from example.com may be created."}},
		{"the last domain goes", func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"example.com"} }, nil,
			[]string{"People from every email domain may be created, no longer only those from example.com."}},
		{"attribute", nil, func(c *model.Config) { c.Attributes.Email = "mail" },
			[]string{"The attribute for the email changes from nothing to “mail”."}},
		{"another address of the metadata", func(c *model.Config) { c.IdPMetadataURL = "https://a.example" },
			func(c *model.Config) { c.IdPMetadataURL = "https://b.example" },
			[]string{"The address of AWS's metadata changes from “https://a.example” to “https://b.example”.",
				"If new certificates are trusted without asking, that ends: it was said of the old address. It can be said again, of the new one, under Certificates."}},
		{"metadata unusable", nil, func(c *model.Config) { c.IdPMetadata = "x" },
			[]string{"AWS's metadata changes to one that cannot be used."}},
		{"metadata, only blanks", func(c *model.Config) { c.IdPMetadata = metadata("eu-west-1", "1") },
			func(c *model.Config) { c.IdPMetadata = metadata("eu-west-1", "1") + "\n" },
			[]string{"AWS's metadata is another text with the same addresses and certificates."}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			before, after := model.DefaultConfig("AWS"), model.DefaultConfig("AWS")
			if tc.before != nil {
				tc.before(&before)
			}
			if tc.after != nil {
				tc.after(&after)
			}
			if got := between(before, after); !slices.Equal(got, tc.want) {
				t.Errorf("Differences = %q", got)
			}
		})
	}
}

func TestDifferencesNameCertificates(t *testing.T) {
	t.Parallel()
	before, after := model.DefaultConfig("AWS"), model.DefaultConfig("AWS")
	before.IdPMetadata = metadata("eu-west-1", "1")
	after.IdPMetadata = strings.ReplaceAll(before.IdPMetadata, certificate(), newCertificate())
	got := between(before, after)
	if len(got) != 2 || !strings.HasPrefix(got[0], "The AWS certificate ") || !strings.HasSuffix(got[0], " (expires 3 October 2031) is added.") ||
		!strings.HasSuffix(got[1], " (expires 3 October 2031) is removed.") {
		t.Errorf("Differences = %q", got)
	}
}

// TestDifferencesCoverEveryField fails when a field of the configuration is
// added and Differences says nothing about it.
func TestDifferencesCoverEveryField(t *testing.T) {
	t.Parallel()
	base := model.DefaultConfig("AWS")
	var visit func(path string, index []int, typ reflect.Type)
	visit = func(path string, index []int, typ reflect.Type) {
		for i := range typ.NumField() {
			f, at := typ.Field(i), append(slices.Clone(index), i)
			if f.Type.Kind() == reflect.Struct {
				visit(path+f.Name+".", at, f.Type)
				continue
			}
			changed := base
			set(t, reflect.ValueOf(&changed).Elem().FieldByIndex(at))
			if len(between(base, changed)) == 0 || len(between(changed, base)) == 0 {
				t.Errorf("%s%s changes and nothing is said", path, f.Name)
			}
		}
	}
	visit("", nil, reflect.TypeFor[model.Config]())
}

// set gives a field a value that it did not have.
func set(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[model.ExistingUsername]() {
			v.SetString(string(model.ExistingLink))
			return
		}
		v.SetString("other")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int64:
		v.SetInt(v.Int() + int64(time.Second))
	case reflect.Slice:
		v.Set(reflect.ValueOf([]string{"other"}))
	default:
		t.Fatalf("no other value for %s: teach this test the kind", v.Type())
	}
}
