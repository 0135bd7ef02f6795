package configdoc

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/postern-sso/postern/internal/directory/ldap"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// sourceSettings are all settings of a source, in the document's order. Its secret is
// none of them. What belongs to another kind of source is left out of an export.
var sourceSettings = slices.Concat([]setting[model.Source]{
	nameSetting("slug", func(s *model.Source) *string { return &s.Slug }, model.CheckSlug),
	choiceSetting("kind", func(s *model.Source) *model.SourceKind { return &s.Kind }, model.SourceKinds()...),
	fitSetting("name", func(s *model.Source) *string { return &s.Name }, model.MaxTitle),
	choiceSetting("status", func(s *model.Source) *model.SourceStatus { return &s.Status }, model.SourceStatuses()...),
	ofKinds(intervalSetting(), model.SourceLDAP, model.SourceAWS),
	boolSetting("create", func(s *model.Source) *bool { return &s.Create }),
	boolSetting("adopt_existing", func(s *model.Source) *bool { return &s.AdoptExisting }),
	ofKinds(connectionSetting(true, func(s *model.Source) *string { return &s.Connection }), model.SourceAWS),
	choiceSetting("groups.mode", func(s *model.Source) *model.GroupMode { return &s.Groups.Mode }, model.GroupModes()...),
	textSetting("groups.prefix", func(s *model.Source) *string { return &s.Groups.Prefix }),
	pairsSetting("groups.map", func(s *model.Source) *map[string]string { return &s.Groups.Map }),
	intSetting("limits.deactivate_percent", 100, func(s *model.Source) *int { return &s.Limits.DeactivatePercent }),
	intSetting("limits.deactivate_min", maxLimit, func(s *model.Source) *int { return &s.Limits.DeactivateMin }),
	intSetting("limits.group_percent", 100, func(s *model.Source) *int { return &s.Limits.GroupPercent }),
	intSetting("limits.rename_percent", 100, func(s *model.Source) *int { return &s.Limits.RenamePercent }),
	intSetting("limits.rename_min", maxLimit, func(s *model.Source) *int { return &s.Limits.RenameMin }),
	ofKinds(intSetting("absence_grace", maxGrace, func(s *model.Source) *int { return &s.AbsenceGrace }), model.SourceLDAP, model.SourceAWS),
}, ldapSettings, awsSettings)

// Bounds of numbers.
const (
	maxLimit = 1_000_000
	maxGrace = 100
)

var ldapSettings = of(model.SourceLDAP,
	listSetting("ldap.urls", func(s *model.Source) *[]string { return &s.LDAP.URLs }),
	boolSetting("ldap.start_tls", func(s *model.Source) *bool { return &s.LDAP.StartTLS }),
	boolSetting("ldap.allow_plain", func(s *model.Source) *bool { return &s.LDAP.AllowPlain }),
	textSetting("ldap.fingerprint", func(s *model.Source) *string { return &s.LDAP.Fingerprint }),
	boolSetting("ldap.read_at_login", func(s *model.Source) *bool { return &s.LDAP.ReadAtLogin }),
	authoritySetting(),
	textSetting("ldap.bind_dn", func(s *model.Source) *string { return &s.LDAP.BindDN }),
	choiceSetting("ldap.vendor", func(s *model.Source) *model.Vendor { return &s.LDAP.Vendor }, model.Vendors()...),
	textSetting("ldap.base", func(s *model.Source) *string { return &s.LDAP.Base }),
	textSetting("ldap.users.base", func(s *model.Source) *string { return &s.LDAP.Users.Base }),
	textSetting("ldap.users.filter", func(s *model.Source) *string { return &s.LDAP.Users.Filter }),
	textSetting("ldap.users.id", func(s *model.Source) *string { return &s.LDAP.Users.ID }),
	textSetting("ldap.users.username", func(s *model.Source) *string { return &s.LDAP.Users.Username }),
	textSetting("ldap.users.email", func(s *model.Source) *string { return &s.LDAP.Users.Email }),
	textSetting("ldap.users.first_name", func(s *model.Source) *string { return &s.LDAP.Users.FirstName }),
	textSetting("ldap.users.last_name", func(s *model.Source) *string { return &s.LDAP.Users.LastName }),
	textSetting("ldap.users.display_name", func(s *model.Source) *string { return &s.LDAP.Users.DisplayName }),
	textSetting("ldap.groups.base", func(s *model.Source) *string { return &s.LDAP.Groups.Base }),
	textSetting("ldap.groups.filter", func(s *model.Source) *string { return &s.LDAP.Groups.Filter }),
	textSetting("ldap.groups.name", func(s *model.Source) *string { return &s.LDAP.Groups.Name }),
	boolSetting("ldap.groups.nested", func(s *model.Source) *bool { return &s.LDAP.Groups.Nested }),
)

var awsSettings = of(model.SourceAWS,
	textSetting("aws.region", func(s *model.Source) *string { return &s.AWS.Region }),
	textSetting("aws.identity_store_id", func(s *model.Source) *string { return &s.AWS.IdentityStoreID }),
	textSetting("aws.role_arn", func(s *model.Source) *string { return &s.AWS.RoleARN }),
	boolSetting("aws.read_at_login", func(s *model.Source) *bool { return &s.AWS.ReadAtLogin }),
	boolSetting("aws.from_surroundings", func(s *model.Source) *bool { return &s.AWS.FromSurroundings }),
	textSetting("aws.endpoint", func(s *model.Source) *string { return &s.AWS.Endpoint }),
)

// ofKinds leaves a setting out of the export of a source of another kind.
func ofKinds(s setting[model.Source], kinds ...model.SourceKind) setting[model.Source] {
	s.omit = func(src model.Source) bool { return !slices.Contains(kinds, src.Kind) }
	return s
}

func of(kind model.SourceKind, rows ...setting[model.Source]) []setting[model.Source] {
	for i := range rows {
		rows[i] = ofKinds(rows[i], kind)
	}
	return rows
}

func intervalSetting() setting[model.Source] {
	s := durationSetting("interval", func(s *model.Source) *time.Duration { return &s.Interval }, model.MaxSourceInterval)
	read := s.read
	s.read = func(r *reader, it item) func(*model.Source) {
		set := read(r, it)
		if set == nil {
			return nil
		}
		var said model.Source
		if set(&said); said.Interval < model.MinSourceInterval {
			r.problem(it.where("interval"), "must be from %s to %s.", formatDuration(model.MinSourceInterval), formatDuration(model.MaxSourceInterval))
			return nil
		}
		return set
	}
	return s
}

func intSetting[T any](key string, most int, at func(*T) *int) setting[T] {
	return valueSetting(key, at, func(r *reader, v value) (int, bool) {
		n, ok := v.node.(*ast.IntegerNode)
		if ok {
			if i, err := strconv.Atoi(n.String()); err == nil && i >= 0 && i <= most {
				return i, true
			}
		}
		r.problem(v, "must be a whole number from 0 to %d.", most)
		return 0, false
	}, func(n int) any { return n })
}

// pairs are texts by texts.
type pairs map[string]string

// written are the pairs on one line, with texts as write makes them.
func (p pairs) written(write func(string) string) string {
	parts := make([]string, 0, len(p))
	for _, key := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, write(key)+": "+write(p[key]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func pairsSetting[T any](key string, at func(*T) *map[string]string) setting[T] {
	return valueSetting(key, at, (*reader).pairs, func(m map[string]string) any { return pairs(m) })
}

// pairs reads a mapping whose keys are not known.
func (r *reader) pairs(v value) (map[string]string, bool) {
	var nodes []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		nodes = n.Values
	case *ast.MappingValueNode:
		nodes = []*ast.MappingValueNode{n}
	default:
		r.wrongKind(v, "a mapping from names to names")
		return nil, false
	}
	m := make(map[string]string, len(nodes))
	for _, pair := range nodes {
		key, ok := pair.Key.(*ast.StringNode)
		if !ok {
			r.problem(value{line: lineOf(pair.Key, v.line), path: v.path}, "“%s” must be text. Write it in quotes.", pair.Key.String())
			continue
		}
		at := value{node: pair.Value, line: lineOf(pair.Key, v.line), path: join(v.path, key.Value)}
		if _, twice := m[key.Value]; twice {
			r.problem(at, "is there twice.")
			continue
		}
		if text, ok := r.text(at); ok {
			r.judge(at, text, []check{model.CheckGroupName})
			m[key.Value] = text
		}
	}
	return m, true
}

// authoritySetting is the PEM of the authorities that are trusted, from a file beside
// the document or from the document itself.
func authoritySetting() setting[model.Source] {
	return setting[model.Source]{
		key: "ldap.ca", also: "ldap.ca_file",
		read: func(r *reader, it item) func(*model.Source) {
			pem, ok := r.beside(it.lines, "ldap.ca", "ldap.ca_file")
			if !ok {
				return nil
			}
			return func(s *model.Source) { s.LDAP.CA = pem }
		},
		get: func(s model.Source) any { return s.LDAP.CA },
	}
}

// beside is a long text that stands in the document, or in a file that it names.
func (r *reader) beside(m map[string]value, key, fileKey string) (string, bool) {
	file, inFile := m[fileKey]
	inline, inDocument := m[key]
	switch {
	case inFile && inDocument:
		r.problem(inline, "is there as well as %s on line %d. Keep one of the two.", fileKey, file.line)
		return "", false
	case inDocument:
		return r.longText(inline)
	case !inFile:
		return "", false
	}
	name, ok := r.text(file)
	if !ok {
		return "", false
	}
	data, err := r.readFile(name)
	if err != nil {
		r.problem(file, "“%s” cannot be read: %v.", name, err)
		return "", false
	}
	return string(data), true
}

// sources makes and changes the sources of the document. One that it leaves out is
// paused: nothing that it made changes.
func (p *plan) sources() {
	if p.doc.sources == nil {
		return
	}
	have := byKey(p.have.Sources, func(s model.Source) string { return s.Slug })
	wanted := map[string]bool{}
	for _, doc := range *p.doc.sources {
		slug := doc.said().Slug
		wanted[slug] = true
		before, exists := have[slug]
		if !exists {
			p.makeSource(doc, slug)
			continue
		}
		after := doc.apply(before)
		if after.Kind != before.Kind {
			p.problem(doc.where("kind"), "the source %s is of kind %s, which stays. Make another one.", slug, before.Kind)
		}
		p.judgeSource(doc, after)
		changes := differences(sourceSettings, before, after)
		p.do("source", slug, changes, func(ctx context.Context, st *store.Store, actor model.Actor) error {
			_, err := st.UpdateSource(ctx, actor, slug, 0, func(s *model.Source) error {
				*s = doc.apply(*s)
				return nil
			})
			return err
		})
	}
	for _, s := range p.have.Sources {
		if wanted[s.Slug] || s.Status == model.SourcePaused {
			continue
		}
		edits := []edit{changed("status", string(s.Status), string(model.SourcePaused))}
		p.do("source", s.Slug, edits, func(ctx context.Context, st *store.Store, actor model.Actor) error {
			_, err := st.UpdateSource(ctx, actor, s.Slug, 0, func(s *model.Source) error {
				s.Status = model.SourcePaused
				return nil
			})
			return err
		})
	}
}

func (p *plan) makeSource(doc thing[model.Source], slug string) {
	kind := doc.said().Kind
	if kind == "" {
		p.problem(doc.at, "a new source needs its kind: ldap, aws or scim.")
		return
	}
	s := model.NewSource(kind)
	s.AWS.FromSurroundings = kind == model.SourceAWS // until keys are given
	s = doc.apply(s)
	if s.Name == "" {
		p.problem(doc.where("name"), "a source needs a name.")
	}
	p.judgeSource(doc, s)
	p.do("source", slug, act("create", "create"), func(ctx context.Context, st *store.Store, actor model.Actor) error {
		_, err := st.CreateSource(ctx, actor, s)
		return err
	})
}

// judgeSource says what is wrong with a source that is to be live. A draft may be
// unfinished.
func (p *plan) judgeSource(doc thing[model.Source], s model.Source) {
	if s.Groups.Mode == model.GroupsPrefix && s.Groups.Prefix == "" {
		p.problem(doc.where("groups.prefix"), "groups.mode prefix needs a prefix.")
		return
	}
	if s.Status != model.SourceLive {
		return
	}
	s.AWS = s.AWS.WithExternalID() // as the store will make one
	problems := s.Problems()
	for _, wrong := range problems {
		p.problem(doc.where(wrong.Field), "%s", wrong.Text)
	}
	if s.Kind != model.SourceLDAP || len(problems) > 0 {
		return
	}
	if err := ldap.Check(s.LDAP); err != nil { // its filters and names
		p.problem(doc.at, "%v", err)
	}
}
