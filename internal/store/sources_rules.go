package store

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

// ruleScope is what rules are worked out for.
type ruleScope struct {
	src         model.Source
	connections []string // slugs
	users       []string // ids; nil: everybody whose home the source is, or could become
}

// whoseHome chooses the users u of a ruleScope.
const whoseHome = " coalesce(u.home_source, @slug) = @slug and (@everybody or u.id = any(@users::uuid[])) "

func (of ruleScope) args() named {
	return named{"slug": of.src.Slug, "connections": of.connections, "users": of.users, "everybody": of.users == nil}
}

// addRules adds what rules are worked out from: the rules of live connections and, of
// users who signed in through one, what AWS said last and what rules gave them.
func (s *Store) addRules(ctx context.Context, k *directory.Known, src model.Source, users []string, ids interned) (err error) {
	of := ruleScope{src: src, users: users}
	of.connections, err = list(ctx, s.db, pgx.RowTo[string], `select c.slug from connections c where c.status = 'live' and (
		exists (select from rules r where r.connection_id = c.id) or exists (select from memberships m where m.source = 'rule' and m.ref = c.slug))`)
	if err != nil || len(of.connections) == 0 {
		return err
	}
	rules, err := s.rules(ctx, "where c.slug = any(@connections) order by r.name_key", of.args())
	if err != nil {
		return err
	}
	k.Rules = map[string][]model.Rule{}
	for _, r := range rules {
		k.Rules[r.Connection] = append(k.Rules[r.Connection], r)
	}
	if k.SignedIn, err = s.signedIn(ctx, of, rules, ids); err != nil || len(k.SignedIn) == 0 {
		return err
	}
	k.ByRule, err = s.givenByRules(ctx, of, ids)
	return err
}

// lastSaid is what AWS said of somebody, as far as rules look at it: whether it was
// kept whole, and a model.Person as JSON.
func lastSaid(rules []model.Rule) (columns string, args named) {
	groups, attributes := false, []string{}
	for _, r := range rules {
		groups = groups || r.Kind == model.RuleAWSGroup
		if r.Kind == model.RuleAttribute {
			attributes = append(attributes, r.Attribute)
		}
	}
	if !groups && len(attributes) == 0 {
		return "false, '{}'", named{}
	}
	return `coalesce(length(i.last_person::text) < @whole, false), jsonb_build_object('AWSGroupsSent', i.last_person -> 'AWSGroupsSent',
		'AWSGroups', case when @groups then i.last_person -> 'AWSGroups' end, 'Attributes', (select jsonb_object_agg(name, i.last_person -> 'Attributes' -> name)
			from unnest(@attributes::text[]) name where i.last_person -> 'Attributes' ? name))::text`,
		named{"whole": model.WholePerson, "groups": groups, "attributes": attributes}
}

// signedIn are those who signed in through the connections. Of several identities of
// one user the one used last counts.
func (s *Store) signedIn(ctx context.Context, of ruleScope, rules []model.Rule, ids interned) ([]directory.SignedIn, error) {
	type said struct {
		whole  bool
		person string
	}
	columns, args := lastSaid(rules)
	for name, v := range of.args() {
		args[name] = v
	}
	known, texts := map[said]*provision.Last{}, sameTexts{} // many are alike
	return list(ctx, s.db, func(row pgx.CollectableRow) (in directory.SignedIn, err error) {
		var id [16]byte
		var v said
		if err = row.Scan(&id, &in.Connection, &v.whole, &v.person); err != nil {
			return in, err
		}
		last, ok := known[v]
		if !ok {
			last = &provision.Last{Whole: v.whole}
			if err = json.Unmarshal([]byte(v.person), &last.Person); err != nil {
				return in, err
			}
			known[v] = last
		}
		in.User, in.Connection, in.Last = ids.text(id), texts.of(in.Connection), last
		return in, nil
	}, "select distinct on (i.user_id, c.slug) i.user_id, c.slug, "+columns+` from identities i join connections c on c.id = i.connection_id
		join users u on u.id = i.user_id where c.slug = any(@connections) and i.last_login_at is not null and`+whoseHome+`
		order by i.user_id, c.slug, i.last_login_at desc, i.id desc`, args)
}

// givenByRules are the memberships that rules of the connections gave.
func (s *Store) givenByRules(ctx context.Context, of ruleScope, ids interned) ([]directory.RuleMembership, error) {
	texts := sameTexts{}
	return list(ctx, s.db, func(row pgx.CollectableRow) (m directory.RuleMembership, err error) {
		var id [16]byte
		err = row.Scan(&id, &m.Connection, &m.Group, &m.Origin)
		m.User, m.Connection, m.Origin = ids.text(id), texts.of(m.Connection), texts.of(m.Origin)
		return m, err
	}, `select m.user_id, m.ref, m.group_id, m.origin from memberships m join users u on u.id = m.user_id
		where m.source = 'rule' and m.ref = any(@connections) and`+whoseHome, of.args())
}

// sameTexts keeps each text once.
type sameTexts map[string]string

func (t sameTexts) of(text string) string {
	kept, ok := t[text]
	if !ok {
		kept = text
		t[text] = text
	}
	return kept
}

// addPushedRules is addRules for those whom a push says something of.
func (s *Store) addPushedRules(ctx context.Context, k *directory.Known, src model.Source, p Push) error {
	pushed := make(map[string]bool, len(p.People))
	for _, person := range p.People {
		pushed[person.StableID], pushed[model.Key(person.Username)] = true, true
	}
	var users []string
	for _, m := range k.Mirror {
		if pushed[m.StableID] && m.UserID != "" {
			users = append(users, m.UserID)
		}
	}
	for _, u := range k.Users {
		if pushed[model.Key(u.Username)] {
			users = append(users, u.ID)
		}
	}
	if len(users) == 0 {
		return nil
	}
	if err := s.addRules(ctx, k, src, users, newInterned()); err != nil || len(k.SignedIn) == 0 {
		return err
	}
	return s.addRuleGroups(ctx, k)
}

// addRuleGroups adds the groups that rules give, or gave.
func (s *Store) addRuleGroups(ctx context.Context, k *directory.Known) error {
	of := knownScope{partial: true}
	for _, rules := range k.Rules {
		for _, r := range rules {
			of.groups = append(of.groups, sortedKeys(r.Groups)...)
		}
	}
	for _, m := range k.ByRule {
		of.groupIDs = append(of.groupIDs, m.Group)
	}
	groups, err := s.knownGroups(ctx, of)
	there := make(map[int64]bool, len(k.Groups))
	for _, g := range k.Groups {
		there[g.ID] = true
	}
	for _, g := range groups {
		if !there[g.ID] {
			k.Groups = append(k.Groups, g)
		}
	}
	return err
}

// ruleGroupSizes counts to how many people of the source rules of live connections give
// the groups of those memberships, and not further than upTo.
func (s *Store) ruleGroupSizes(ctx context.Context, src model.Source, of []directory.RuleMembership, upTo int) (map[int64]int, error) {
	if len(of) == 0 {
		return nil, nil
	}
	groups := make([]int64, len(of))
	for i, m := range of {
		groups[i] = m.Group
	}
	slices.Sort(groups)
	groups = slices.Compact(groups)
	return s.sizes(ctx, `select g, (select count(*)::int from (select from memberships m join users u on u.id = m.user_id where m.group_id = g
		and m.source = 'rule' and u.home_source = @slug and m.ref in (select c.slug from connections c where c.status = 'live') limit @most) x)
		from unnest(@groups::bigint[]) g`, named{"groups": groups, "slug": src.Slug, "most": upTo})
}

// byRule carries out changes of memberships that rules give. Who signed in since the
// run began is left alone: the login decided, and knew more.
func (p *sourcePart) byRule(ctx context.Context, groups map[string]model.Group) error {
	var in, out memberRows
	for i := range p.changes {
		c := &p.changes[i]
		if c.Kind != model.SourceByRule || p.obstructed(c, groups) {
			continue
		}
		for _, id := range c.Added {
			in.add(id, groups[model.Key(c.Group)].ID, c.Ref, c.Origin)
		}
		for _, id := range c.Removed {
			out.add(id, groups[model.Key(c.Group)].ID, c.Ref, "")
		}
	}
	if err := p.takeByRule(ctx, out); err != nil {
		return err
	}
	return p.giveByRule(ctx, in)
}

// notSince are the people of part who did not sign in through the connection since the
// run began. It and the other steps are worked out one by one, so that no plan of
// PostgreSQL looks at everybody for each row of a part.
const notSince = `, last as materialized (select x.user_id, k.slug from (select distinct id from part) p join identities x on x.user_id = p.id
		join connections k on k.id = x.connection_id where k.status = 'live' group by x.user_id, k.slug having max(x.last_login_at) < @since)`

func (p *sourcePart) takeByRule(ctx context.Context, out memberRows) error {
	if len(out.who) == 0 {
		return nil
	}
	args := out.args()
	args["since"] = p.run.StartedAt
	_, err := p.tx.db.Exec(ctx, `with part as materialized (select id, group_id, ref from unnest(@who::uuid[], @groups::bigint[], @refs::text[])
			as i (id, group_id, ref))`+notSince+`
		delete from memberships m using part i join last on last.user_id = i.id and last.slug = i.ref
		where m.user_id = i.id and m.group_id = i.group_id and m.source = 'rule' and m.ref = i.ref`, args)
	return translate(err)
}

func (p *sourcePart) giveByRule(ctx context.Context, in memberRows) error {
	if len(in.who) == 0 {
		return nil
	}
	args := in.args()
	args["since"], args["source"] = p.run.StartedAt, p.src.ID
	_, err := p.tx.db.Exec(ctx, `with part as materialized (select u.id, i.group_id, i.ref, i.origin
			from unnest(@who::text[], @groups::bigint[], @refs::text[], @origins::text[]) as i (stable_id, group_id, ref, origin)
				join source_users s on s.source_id = @source and s.stable_id = i.stable_id join users u on u.id = s.user_id and u.active),
		gives as materialized (select distinct k.slug, g.group_id from rules r join rule_groups g on g.rule_id = r.id
			join connections k on k.id = r.connection_id)`+notSince+`
		insert into memberships (user_id, group_id, source, ref, origin) select i.id, i.group_id, 'rule', i.ref, i.origin from part i
			join gives on gives.slug = i.ref and gives.group_id = i.group_id join last on last.user_id = i.id and last.slug = i.ref
		on conflict do nothing`, args)
	return translate(err)
}

// undoByRule takes back what rules gave or took. A membership that a login made since
// is the login's.
func (u *sourceUndo) undoByRule(ctx context.Context, c *RunChange, group int64) error {
	args := named{"source": u.src.ID, "group": group, "ref": c.Ref, "added": c.Added, "removed": c.Removed, "origin": c.Origin}
	_, err := u.tx.db.Exec(ctx, `delete from memberships m using source_users s where s.source_id = @source and s.stable_id = any(@added)
		and m.user_id = s.user_id and m.group_id = @group and m.source = 'rule' and m.ref = @ref and m.login_id = ''`, args)
	if err != nil {
		return translate(err)
	}
	_, err = u.tx.db.Exec(ctx, `insert into memberships (user_id, group_id, source, ref, origin)
		select u.id, @group, 'rule', @ref, @origin from users u where u.id = any(@removed::uuid[]) on conflict do nothing`, args)
	return translate(err)
}
