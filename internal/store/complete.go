package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Completion is a login whose message has been judged good.
type Completion struct {
	Login            model.Login // the trace so far
	Request          RequestKey  // of the request that it answers; none: AWS started it
	ConnectionID     int64
	AssertionID      string
	AssertionExpires time.Time // as it says itself
	Person           model.Person
	Decide           func(model.Known) model.Decision
	Now              time.Time
}

// CompleteLogin carries a login out in one transaction: it claims the request,
// remembers the assertion, reads what is known about the person under locks,
// lets Decide decide, writes user, identity, memberships, audit and trace. A
// refusal writes only the claim, the assertion and the refused trace. The
// returned login says the outcome.
func (s *Store) CompleteLogin(ctx context.Context, c Completion) (l model.Login, u model.User, err error) {
	err = s.InTxAgain(ctx, func(tx *Store) (err error) {
		l, u, err = tx.completeOnce(ctx, c)
		return err
	})
	return l, u, err
}

func (s *Store) completeOnce(ctx context.Context, c Completion) (l model.Login, u model.User, err error) {
	l = c.Login
	l.FinishedAt = c.Now
	refusal, err := s.consume(ctx, c)
	if err != nil {
		return l, u, err
	}
	if refusal == nil {
		known, err := s.known(ctx, c.ConnectionID, l.Connection, c.Person, "for update")
		if err != nil {
			return l, u, err
		}
		d := c.Decide(known)
		if d.Check.ID != "" {
			l.Checks = append(slices.Clip(c.Login.Checks), d.Check)
		}
		if refusal = d.Refusal; refusal == nil {
			if u, err = s.apply(ctx, c, d); err != nil {
				return l, u, err
			}
			l.Outcome, l.UserID, l.Username, l.Changes = model.OutcomeSignedIn, u.ID, u.Username, d.Changes
			l, err = s.SaveLogin(ctx, l)
			return l, u, err
		}
	}
	l.Outcome, l.Refusal = model.OutcomeRefused, refusal
	l, err = s.SaveLogin(ctx, l)
	return l, u, err
}

// oneAtATime makes simultaneous logins of one username wait for each other until
// the transaction ends. Without it the second could read the identity before
// the first has written it, and the user after.
func (t *together) oneAtATime(username string) {
	t.exec("select pg_advisory_xact_lock(hashtextextended(@key, 7305102))", named{"key": model.Key(username)})
}

// consume claims the request and remembers the assertion, and makes others of the
// same username wait. The assertion comes first: of two posts of the same message
// the second is a replay, whatever became of the request, which it leaves alone.
func (s *Store) consume(ctx context.Context, c Completion) (*model.Refusal, error) {
	type consumed struct{ fresh, claimed bool }
	var all []consumed
	var t together
	adding(&t, &all, func(row pgx.CollectableRow) (d consumed, err error) {
		return d, row.Scan(&d.fresh, &d.claimed)
	}, rememberAndClaim, named{"connection": c.Login.Connection, "assertion": clean(c.AssertionID, maxText),
		"until": c.AssertionExpires.Add(model.MaxClockSkew), "handle": []byte(c.Request)})
	t.oneAtATime(c.Person.Username)
	if err := t.send(ctx, s.db); err != nil {
		return nil, err
	}
	switch did := all[0]; {
	case !did.fresh:
		return &model.Refusal{Code: model.CodeReplayed, Cause: model.CauseReplayed, Received: c.AssertionID}, nil
	case c.Request != nil && !did.claimed:
		return &model.Refusal{Code: model.CodeInResponseToUnknown, Cause: model.CauseAnsweredBefore, Detail: "The request was answered a moment before."}, nil
	default:
		return nil, nil
	}
}

// PreviewLogin decides as CompleteLogin would, and changes nothing.
func (s *Store) PreviewLogin(ctx context.Context, connectionID int64, slug string, p model.Person,
	decide func(model.Known) model.Decision) (model.Decision, error) {
	known, err := s.known(ctx, connectionID, slug, p, "")
	if err != nil {
		return model.Decision{}, err
	}
	return decide(known), nil
}

// FinishTest writes the trace of a test login that passed, consumes its request
// and its assertion, and marks the draft as tested. Where another answer was
// faster, it is refused as a login would be. The returned login says the outcome.
func (s *Store) FinishTest(ctx context.Context, c Completion) (model.Login, error) {
	l := c.Login
	l.FinishedAt = c.Now
	err := s.InTx(ctx, func(tx *Store) error {
		refusal, err := tx.consume(ctx, c)
		if err != nil {
			return err
		}
		if l.Outcome = model.OutcomeSignedIn; refusal != nil {
			l.Outcome, l.Refusal, l.UserID, l.Changes = model.OutcomeRefused, refusal, "", nil
		}
		if l, err = tx.SaveLogin(ctx, l); err != nil || refusal != nil {
			return err
		}
		return tx.RecordTest(ctx, l.RevisionID, l.RevisionVersion, l.ID, l.FinishedAt)
	})
	return l, err
}

// known reads what the database knows about the person of a login.
func (s *Store) known(ctx context.Context, connectionID int64, slug string, p model.Person, lock string) (model.Known, error) {
	var k model.Known
	identity, err := s.findIdentity(ctx, connectionID, p)
	if err != nil {
		return k, err
	}
	subject := "" // whose memberships count
	if identity == nil && p.ExternalID != "" {
		if err := s.knownBySource(ctx, &k, connectionID, p, lock); err != nil {
			return k, err
		}
		if k.BySource != nil {
			subject = k.BySource.User.ID
		}
	}
	if k.Identity = identity; identity != nil {
		subject = identity.UserID
	}
	return k, s.knownAtOnce(ctx, &k, connectionID, p, subject, lock)
}

// knownAtOnce reads, in one round trip, the users of the identity and of the username,
// locked in that order, and then what they and the connection have. subject is whose
// memberships count; nobody's id: those of the user with the username.
func (s *Store) knownAtOnce(ctx context.Context, k *model.Known, connectionID int64, p model.Person, subject, lock string) error {
	var byIdentity, byUsername []model.User
	var identities []model.Identity
	var t together
	const namesake = "(select id from users where username_key = @key)"
	key := named{"key": model.Key(p.Username)}
	if k.Identity != nil {
		adding(&t, &byIdentity, scanUser, selectUser("where id = @id::uuid "+lock), named{"id": k.Identity.UserID})
	}
	adding(&t, &byUsername, scanUser, selectUser("where username_key = @key "+lock), key)
	adding(&t, &identities, scanIdentity, selectIdentities("where i.user_id = "+namesake+" order by c.slug, i.id"), key)
	adding(&t, &k.Rules, scanRule, selectRules+"where r.connection_id = @id order by r.name_key", named{"id": connectionID})
	adding(&t, &k.Memberships, scanMembership, selectMemberships("where m.user_id = coalesce(nullif(@user, '')::uuid, "+namesake+")"),
		named{"user": subject, "key": key["key"]})
	if err := t.send(ctx, s.db); err != nil {
		return err
	}
	if k.Identity != nil {
		if len(byIdentity) == 0 {
			return ErrNotFound // deleted meanwhile
		}
		k.ByIdentity = &byIdentity[0]
	}
	if len(byUsername) == 0 {
		return nil
	}
	k.ByUsername = &byUsername[0]
	return s.namesake(ctx, k, connectionID, p, identities)
}

// namesake notes who the user with the username is in AWS, and, where nobody
// recognizes the person, reads whether they may be linked.
func (s *Store) namesake(ctx context.Context, k *model.Known, connectionID int64, p model.Person, all []model.Identity) error {
	for _, i := range all {
		if i.ConnectionID == connectionID && i.IdPEntityID == p.IdPEntityID {
			k.UsernameIdentity = &i
		} else {
			k.UsernameElse = append(k.UsernameElse, i)
		}
	}
	if k.Identity != nil {
		return nil
	}
	return s.linkFacts(ctx, k, connectionID, p)
}

// findIdentity matches by external id where one was sent, else by NameID. An
// identity that has no external id yet is also matched by its NameID. Where no
// external id is mapped any more, a NameID that several identities have matches
// none: it was given to somebody else in the meantime.
func (s *Store) findIdentity(ctx context.Context, connectionID int64, p model.Person) (*model.Identity, error) {
	match := `i.name_id = @name_id`
	if p.ExternalID != "" {
		match = `(i.external_id = @external or (i.external_id = '' and i.name_id = @name_id))`
	}
	found, err := s.identities(ctx, "where i.connection_id = @connection and i.idp_entity_id = @idp and "+match+
		" order by i.external_id desc limit 2",
		named{"connection": connectionID, "idp": p.IdPEntityID, "external": p.ExternalID, "name_id": p.NameID})
	if err != nil || len(found) == 0 || (p.ExternalID == "" && len(found) > 1) {
		return nil, err
	}
	return &found[0], nil
}

// apply writes what was decided.
func (s *Store) apply(ctx context.Context, c Completion, d model.Decision) (model.User, error) {
	u, err := s.applyUser(ctx, c, d)
	if err != nil {
		return u, err
	}
	if d.LinkIdentity {
		if u, err = s.applyIdentity(ctx, c, d, u); err != nil {
			return u, err
		}
	}
	if err := s.applyGroups(ctx, c, d, u); err != nil {
		return u, err
	}
	person, err := toJSON(c.Person.Stored())
	if err != nil {
		return u, err
	}
	_, err = s.db.Exec(ctx, `
		with seen as (update identities set last_login_at = @now, last_person = @person
			where user_id = @user::uuid and connection_id = @connection and idp_entity_id = @idp)
		update users set last_login_at = @now where id = @user::uuid`,
		named{"now": c.Now, "user": u.ID, "connection": c.ConnectionID, "idp": c.Person.IdPEntityID, "person": person})
	return u, err
}

// applyIdentity links the user, or writes what was learned about the link. An
// identity that gives way goes first, and its sessions end.
func (s *Store) applyIdentity(ctx context.Context, c Completion, d model.Decision, u model.User) (model.User, error) {
	i := d.Identity
	i.UserID, i.ConnectionID, i.Connection = u.ID, c.ConnectionID, c.Login.Connection
	note := ""
	if i.ID == 0 {
		if err := s.useConsent(ctx, d.Consent, u.ID, c.ConnectionID); err != nil {
			return u, err
		}
		if d.Consent != nil {
			note = allowedBy(*d.Consent)
		}
	}
	u, err := s.dropIdentities(ctx, u, d.Replaced)
	if err != nil {
		return u, err
	}
	if _, err := s.writeIdentity(ctx, i); err != nil {
		return u, err
	}
	return u, s.record(ctx, c.actor(), "identity.link", u.Username, auditedIdentities(d.Replaced), auditedIdentity(i), note)
}

func (c Completion) actor() model.Actor {
	return model.Actor{Name: "login " + c.Login.ID, RemoteAddr: c.Login.RemoteAddr}
}

func (s *Store) applyUser(ctx context.Context, c Completion, d model.Decision) (model.User, error) {
	switch d.Action {
	case model.UserCreated:
		u, err := s.insertUser(ctx, d.User)
		if err != nil {
			return u, err
		}
		return u, s.record(ctx, c.actor(), "user.create", u.Username, nil, auditedUser(u), "")
	case model.UserUpdated:
		before, err := s.UserByID(ctx, d.User.ID)
		if err != nil {
			return before, err
		}
		u, _, err := s.changeUser(ctx, c.actor(), before, d.User)
		return u, err
	case model.UserKept:
		return d.User, nil
	default:
		return d.User, fmt.Errorf("unknown decision %q", d.Action)
	}
}

// applyGroups adds and removes memberships by this connection's rules; those
// from anywhere else are not touched.
func (s *Store) applyGroups(ctx context.Context, c Completion, d model.Decision, u model.User) error {
	for _, g := range d.AddGroups {
		_, err := s.db.Exec(ctx, `
			insert into memberships (user_id, group_id, source, ref, origin, login_id)
			select @user::uuid, id, 'rule', @ref, @origin, @login from groups where name_key = @group
			on conflict (user_id, group_id, source, ref) do update set origin = excluded.origin`,
			named{"user": u.ID, "ref": c.Login.Connection, "origin": g.Origin, "login": c.Login.ID, "group": model.Key(g.Group)})
		if err != nil {
			return err
		}
	}
	for _, name := range d.RemoveGroups {
		_, err := s.db.Exec(ctx, `
			delete from memberships where user_id = @user::uuid and source = 'rule' and ref = @ref
			  and group_id = (select id from groups where name_key = @group)`,
			named{"user": u.ID, "ref": c.Login.Connection, "group": model.Key(name)})
		if err != nil {
			return err
		}
	}
	return nil
}
