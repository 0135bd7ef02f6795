package sources

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/directory/ldap"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/sources"
)

// typed is what the form says of a source, as it was typed. Its fields are those of
// formOf.
func typed(r *http.Request, kind model.SourceKind) sources.Form {
	f := formOf(model.NewSource(kind))
	for name := range f.Values {
		f.Values[name] = strings.TrimSpace(r.PostFormValue(name))
	}
	for name := range f.Ticks {
		f.Ticks[name] = r.PostFormValue(name) != ""
	}
	f.Secret, f.SecretKey = r.PostFormValue(sources.FieldSecret), r.PostFormValue(sources.FieldSecretKey)
	return f
}

// read folds the form into a source and says what cannot be read. What the source's own
// judge finds is added, by the names of the form's fields.
func read(f *sources.Form, s *model.Source) {
	s.Name, s.Connection = model.Canonical(f.Values[sources.FieldName]), f.Values[sources.FieldConnection]
	s.Create, s.AdoptExisting = f.Ticks[sources.FieldCreate], f.Ticks[sources.FieldAdopt]
	if s.Kind.Reads() {
		s.Interval = time.Duration(number(f, sources.FieldInterval, "The time between two runs")) * time.Minute
	}
	s.AbsenceGrace = number(f, sources.FieldGrace, "The grace")
	s.Limits = model.SourceLimits{
		DeactivatePercent: number(f, sources.FieldDeactivatePercent, "The share"), DeactivateMin: number(f, sources.FieldDeactivateMin, "The number"),
		GroupPercent: number(f, sources.FieldGroupPercent, "The share"), RenamePercent: number(f, sources.FieldRenamePercent, "The share"),
		RenameMin: number(f, sources.FieldRenameMin, "The number"),
	}
	readGroups(f, s)
	switch s.Kind {
	case model.SourceLDAP:
		readLDAP(f, s)
	case model.SourceAWS:
		readAWS(f, s)
	case model.SourceSCIM:
	}
	if len(f.Problems) == 0 {
		judge(f, *s)
	}
}

func number(f *sources.Form, field, what string) int {
	n, err := strconv.Atoi(f.Values[field])
	if err != nil {
		f.Problems = append(f.Problems, model.Problem{Field: field, Text: what + " must be a whole number."})
	}
	return n
}

// readGroups reads how groups are called here: a map has one line a group, "theirs = ours".
func readGroups(f *sources.Form, s *model.Source) {
	s.Groups = model.GroupMapping{Mode: model.GroupMode(f.Values[sources.FieldGroupMode])}
	switch s.Groups.Mode {
	case model.GroupsPrefix:
		s.Groups.Prefix = f.Values[sources.FieldGroupPrefix]
	case model.GroupsMap:
		s.Groups.Map = map[string]string{}
		for line := range strings.Lines(f.Values[sources.FieldGroupMap]) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			theirs, ours, ok := cutLast(line)
			if !ok || theirs == "" || ours == "" {
				f.Problems = append(f.Problems, model.Problem{Field: sources.FieldGroupMap, Text: fmt.Sprintf("“%s” must be like: Their name = our-name", line)})
				continue
			}
			s.Groups.Map[theirs] = model.Canonical(ours)
		}
	case model.GroupsSame, model.GroupsNone:
	}
}

// cutLast cuts a line at its last "=": their names may hold one.
func cutLast(line string) (theirs, ours string, ok bool) {
	i := strings.LastIndexByte(line, '=')
	if i < 0 {
		return "", "", false
	}
	return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:]), true
}

func readLDAP(f *sources.Form, s *model.Source) {
	v, l := f.Values, &s.LDAP
	l.URLs = strings.FieldsFunc(v[sources.FieldURLs], func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) })
	l.StartTLS, l.AllowPlain = v[sources.FieldEncryption] == sources.EncryptionStartTLS, v[sources.FieldEncryption] == sources.EncryptionNone
	l.CA, l.Fingerprint = "", ""
	switch v[sources.FieldTrust] {
	case sources.TrustCA:
		l.CA = v[sources.FieldCA] + "\n"
	case sources.TrustFingerprint:
		l.Fingerprint = model.Fingerprint(v[sources.FieldFingerprint])
	}
	l.BindDN, l.Base, l.Vendor = v[sources.FieldBindDN], v[sources.FieldBase], model.Vendor(v[sources.FieldVendor])
	l.Users = model.LDAPUsers{
		Base: v[sources.FieldUsersBase], Filter: v[sources.FieldUsersFilter], ID: v[sources.FieldUsersID], Username: v[sources.FieldUsersUsername],
		Email: v[sources.FieldUsersEmail], FirstName: v[sources.FieldUsersFirst], LastName: v[sources.FieldUsersLast], DisplayName: v[sources.FieldUsersDisplay],
	}
	l.Groups = model.LDAPGroups{Base: v[sources.FieldGroupsBase], Filter: v[sources.FieldGroupsFilter], Name: v[sources.FieldGroupsName],
		Nested: f.Ticks[sources.FieldNested]}
	l.ReadAtLogin = f.Ticks[sources.FieldReadAtLogin]
}

func readAWS(f *sources.Form, s *model.Source) {
	s.AWS.Region, s.AWS.IdentityStoreID = f.Values[sources.FieldRegion], f.Values[sources.FieldStore]
	s.AWS.RoleARN, s.AWS.ReadAtLogin = f.Values[sources.FieldRole], f.Ticks[sources.FieldReadAtLogin]
	s.AWS = s.AWS.WithExternalID()
	s.AWS.FromSurroundings = f.Values[sources.FieldCredentials] == sources.CredentialsSurroundings
}

// judge adds what the source's judge finds, and that of LDAP's own grammar, at the fields
// of the form.
func judge(f *sources.Form, s model.Source) {
	problems := s.Problems()
	if s.Kind == model.SourceLDAP {
		problems = append(problems, ldap.Problems(s.LDAP)...)
	}
	for _, p := range problems {
		field, ok := sources.FieldOf(p.Field)
		if !ok {
			field = sources.FieldName
		}
		text := p.Text
		if !strings.HasSuffix(text, ".") {
			text = "This " + text + "."
		}
		f.Problems = append(f.Problems, model.Problem{Field: field, Text: text})
	}
}

// formOf is the form as it stands for a source, with every field of its kind.
func formOf(s model.Source) sources.Form {
	f := sources.Form{Kind: s.Kind, Slug: s.Slug, Revision: s.Revision, HasSecret: s.HasSecret, Values: map[string]string{
		sources.FieldSlug: s.Slug, sources.FieldName: s.Name, sources.FieldConnection: s.Connection,
		sources.FieldInterval: strconv.Itoa(int(s.Interval / time.Minute)), sources.FieldGrace: strconv.Itoa(s.AbsenceGrace),
		sources.FieldDeactivatePercent: strconv.Itoa(s.Limits.DeactivatePercent), sources.FieldDeactivateMin: strconv.Itoa(s.Limits.DeactivateMin),
		sources.FieldGroupPercent:  strconv.Itoa(s.Limits.GroupPercent),
		sources.FieldRenamePercent: strconv.Itoa(s.Limits.RenamePercent), sources.FieldRenameMin: strconv.Itoa(s.Limits.RenameMin),
		sources.FieldGroupMode: string(s.Groups.Mode), sources.FieldGroupPrefix: s.Groups.Prefix, sources.FieldGroupMap: mapLines(s.Groups.Map),
	}, Ticks: map[string]bool{sources.FieldCreate: s.Create, sources.FieldAdopt: s.AdoptExisting}}
	switch s.Kind {
	case model.SourceLDAP:
		ldapValues(f, s.LDAP)
	case model.SourceAWS:
		maps.Copy(f.Values, map[string]string{sources.FieldRegion: s.AWS.Region, sources.FieldStore: s.AWS.IdentityStoreID, sources.FieldRole: s.AWS.RoleARN,
			sources.FieldCredentials: sources.CredentialsKeys})
		f.Ticks[sources.FieldReadAtLogin] = s.AWS.ReadAtLogin
		if s.AWS.FromSurroundings {
			f.Values[sources.FieldCredentials] = sources.CredentialsSurroundings
		}
	case model.SourceSCIM:
	}
	return f
}

func ldapValues(f sources.Form, l model.LDAPSettings) {
	encryption := sources.EncryptionTLS
	switch {
	case l.StartTLS:
		encryption = sources.EncryptionStartTLS
	case l.AllowPlain:
		encryption = sources.EncryptionNone
	}
	trust := sources.TrustSystem
	switch {
	case l.CA != "":
		trust = sources.TrustCA
	case l.Fingerprint != "":
		trust = sources.TrustFingerprint
	}
	maps.Copy(f.Values, map[string]string{
		sources.FieldURLs: strings.Join(l.URLs, "\n"), sources.FieldEncryption: encryption, sources.FieldTrust: trust, sources.FieldCA: strings.TrimSpace(l.CA),
		sources.FieldFingerprint: l.Fingerprint, sources.FieldBindDN: l.BindDN, sources.FieldBase: l.Base, sources.FieldVendor: string(l.Vendor),
		sources.FieldUsersBase: l.Users.Base, sources.FieldUsersFilter: l.Users.Filter, sources.FieldUsersID: l.Users.ID,
		sources.FieldUsersUsername: l.Users.Username, sources.FieldUsersEmail: l.Users.Email, sources.FieldUsersFirst: l.Users.FirstName,
		sources.FieldUsersLast: l.Users.LastName, sources.FieldUsersDisplay: l.Users.DisplayName,
		sources.FieldGroupsBase: l.Groups.Base, sources.FieldGroupsFilter: l.Groups.Filter, sources.FieldGroupsName: l.Groups.Name,
	})
	f.Ticks[sources.FieldNested], f.Ticks[sources.FieldReadAtLogin] = l.Groups.Nested, l.ReadAtLogin
}

func mapLines(m map[string]string) string {
	lines := make([]string, 0, len(m))
	for _, theirs := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, theirs+" = "+m[theirs])
	}
	return strings.Join(lines, "\n")
}
