package model_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

func goodLDAP() model.Source {
	s := model.NewSource(model.SourceLDAP)
	s.Slug, s.Name = "corp", "Corporate directory"
	s.LDAP.URLs, s.LDAP.BindDN, s.LDAP.Base = []string{"ldaps://dc1.example.com:636"}, "CN=postern,DC=example,DC=com", "DC=example,DC=com"
	return s
}

func goodAWS() model.Source {
	s := model.NewSource(model.SourceAWS)
	s.Slug, s.Name = "aws", "AWS"
	s.AWS.Region, s.AWS.IdentityStoreID = "us-gov-west-1", "d-1234567890"
	return s
}

func TestSourceProblems(t *testing.T) {
	t.Parallel()
	scim := model.NewSource(model.SourceSCIM)
	scim.Slug, scim.Name = "entra", "Entra ID"
	for _, s := range []model.Source{goodLDAP(), goodAWS(), scim} {
		if problems := s.Problems(); len(problems) != 0 {
			t.Errorf("%s: %v", s.Kind, problems)
		}
	}
	ldap, aws := goodLDAP, goodAWS
	for name, test := range map[string]struct {
		source model.Source
		change func(*model.Source)
		field  string // empty: it is good
	}{
		"no name":                    {ldap(), func(s *model.Source) { s.Name = "" }, "name"},
		"a slug with a blank":        {ldap(), func(s *model.Source) { s.Slug = "a b" }, "slug"},
		"every minute":               {ldap(), func(s *model.Source) { s.Interval = time.Minute }, "interval"},
		"every two days":             {ldap(), func(s *model.Source) { s.Interval = 48 * time.Hour }, "interval"},
		"an interval for SCIM":       {scim, func(s *model.Source) { s.Interval = time.Hour }, "interval"},
		"no such kind":               {scim, func(s *model.Source) { s.Kind = "csv" }, "kind"},
		"no such status":             {scim, func(s *model.Source) { s.Status = "on" }, "status"},
		"no address":                 {ldap(), func(s *model.Source) { s.LDAP.URLs = nil }, "ldap.urls"},
		"an address of the web":      {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"https://dc1.example.com"} }, "ldap.urls"},
		"a password in the address":  {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://a:b@dc1.example.com"} }, "ldap.urls"},
		"a base in the address":      {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://dc1.example.com/dc=a"} }, "ldap.urls"},
		"port 99999":                 {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://dc1.example.com:99999"} }, "ldap.urls"},
		"the metadata of a cloud":    {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://169.254.169.254"} }, "ldap.urls"},
		"the same, written for IPv6": {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://[::ffff:169.254.169.254]"} }, "ldap.urls"},
		"a private address":          {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://10.0.0.5"} }, ""},
		"not encrypted":              {ldap(), func(s *model.Source) { s.LDAP.URLs = []string{"ldap://dc1.example.com"} }, "ldap.urls"},
		"not encrypted, said":        {ldap(), func(s *model.Source) { s.LDAP.URLs, s.LDAP.AllowPlain = []string{"ldap://dc1.example.com"}, true }, ""},
		"StartTLS":                   {ldap(), func(s *model.Source) { s.LDAP.URLs, s.LDAP.StartTLS = []string{"ldap://dc1.example.com"}, true }, ""},
		"StartTLS inside TLS":        {ldap(), func(s *model.Source) { s.LDAP.StartTLS = true }, "ldap.start_tls"},
		"no account":                 {ldap(), func(s *model.Source) { s.LDAP.BindDN = "" }, "ldap.bind_dn"},
		"no such vendor":             {ldap(), func(s *model.Source) { s.LDAP.Vendor = "novell" }, "ldap.vendor"},
		"half a fingerprint":         {ldap(), func(s *model.Source) { s.LDAP.Fingerprint = "abcd" }, "ldap.fingerprint"},
		"an authority that is none":  {ldap(), func(s *model.Source) { s.LDAP.CA = "hello" }, "ldap.ca"},
		"a key for an authority":     {ldap(), func(s *model.Source) { s.LDAP.CA = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" }, "ldap.ca"},
		"no prefix":                  {ldap(), func(s *model.Source) { s.Groups.Mode = model.GroupsPrefix }, "groups.prefix"},
		"an empty map":               {ldap(), func(s *model.Source) { s.Groups.Mode = model.GroupsMap }, "groups.map"},
		"a map to no name":           {ldap(), func(s *model.Source) { s.Groups = model.GroupMapping{Mode: "map", Map: map[string]string{"a": " "}} }, "groups.map"},
		"more than all":              {ldap(), func(s *model.Source) { s.Limits.DeactivatePercent = 101 }, "limits.deactivate_percent"},
		"less than nothing":          {ldap(), func(s *model.Source) { s.Limits.RenameMin = -1 }, "limits.rename_min"},
		"grace without end":          {ldap(), func(s *model.Source) { s.AbsenceGrace = 1000 }, "absence_grace"},
		"a Region in words":          {aws(), func(s *model.Source) { s.AWS.Region = "Frankfurt" }, "aws.region"},
		"an instance for a store":    {aws(), func(s *model.Source) { s.AWS.IdentityStoreID = "ssoins-1234567890abcdef" }, "aws.identity_store_id"},
		"a user for a role": {aws(), func(s *model.Source) {
			s.AWS.RoleARN, s.AWS.ExternalID = "arn:aws:iam::123456789012:user/a", "x"
		}, "aws.role_arn"},
		"a role in China": {aws(), func(s *model.Source) {
			s.AWS.RoleARN, s.AWS.ExternalID = "arn:aws-cn:iam::123456789012:role/a/b", "x"
		}, ""},
		"a role without external ID": {aws(), func(s *model.Source) { s.AWS.RoleARN = "arn:aws:iam::123456789012:role/a" }, "aws.role_arn"},
		"an endpoint over http":      {aws(), func(s *model.Source) { s.AWS.Endpoint = "http://10.0.0.1" }, "aws.endpoint"},
		"a store with a long id":     {aws(), func(s *model.Source) { s.AWS.IdentityStoreID = "a1b2c3d4-5678-90ab-cdef-123456789012" }, ""},
		"an endpoint with a query":   {aws(), func(s *model.Source) { s.AWS.Endpoint = "https://x.example/?a=b" }, "aws.endpoint"},
		"an endpoint that no AWS is": {aws(), func(s *model.Source) { s.AWS.Endpoint = "https://169.254.169.254" }, "aws.endpoint"},
		"an endpoint here":           {aws(), func(s *model.Source) { s.AWS.Endpoint = "http://127.0.0.1:8081" }, ""},
	} {
		s := test.source
		test.change(&s)
		var fields []string
		for _, p := range s.Problems() {
			fields = append(fields, p.Field)
		}
		if test.field == "" && len(fields) != 0 || test.field != "" && !slices.Equal(fields, []string{test.field}) {
			t.Errorf("%s: problems of %q, want %q", name, fields, test.field)
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	if got := model.Fingerprint(" AB:cd-0 1\n"); got != "abcd01" {
		t.Errorf("got %q", got)
	}
}

func TestTheReadingOfASource(t *testing.T) {
	t.Parallel()
	base := goodLDAP()
	for name, test := range map[string]struct {
		change func(*model.Source)
		same   bool
	}{
		"server":       {func(s *model.Source) { s.LDAP.URLs = []string{"ldaps://dc2.example.com"} }, false},
		"base":         {func(s *model.Source) { s.LDAP.Base = "DC=other" }, false},
		"filter":       {func(s *model.Source) { s.LDAP.Users.Filter = "(a=b)" }, false},
		"id":           {func(s *model.Source) { s.LDAP.Users.ID = "uid" }, false},
		"groups' base": {func(s *model.Source) { s.LDAP.Groups.Base = "OU=g" }, false},
		"name":         {func(s *model.Source) { s.Name = "other" }, true},
		"interval":     {func(s *model.Source) { s.Interval = time.Hour }, true},
		"limits":       {func(s *model.Source) { s.Limits.GroupPercent = 50 }, true},
	} {
		s := goodLDAP()
		test.change(&s)
		if (s.Reading() == base.Reading()) != test.same {
			t.Errorf("%s: same reading %v, want %v", name, !test.same, test.same)
		}
	}
}
