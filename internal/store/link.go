package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Link is what linking a user by hand did.
type Link struct {
	User     model.User
	Identity model.Identity   // the new one
	Replaced []model.Identity // those that gave way
	AuditID  int64            // by which it is undone
}

// ErrNotVerified: the trace holds nobody of whom AWS's answer was believed.
var ErrNotVerified = errors.New("nobody in this login was verified")

// decidedCodes are the refusals that stand after everything in the answer was
// judged good: who it is about is sure.
var decidedCodes = []model.Code{model.CodeUsernameTaken, model.CodeUserUnknown, model.CodeUserDeactivated, model.CodeEmailDomainRefused,
	model.CodeUsernameInvalid}

// CanLinkFrom tells whether a login ended with somebody verified who was not let
// in, so that LinkFromLogin and AddFromLogin may use it.
func CanLinkFrom(l model.Login) bool {
	return !l.Test && l.Person != nil && l.Refusal != nil && slices.Contains(decidedCodes, l.Refusal.Code)
}

// LinkFromLogin links the person whom a refused login verified to a user whom an
// administrator chose. Where replace, the identities that the user has on the
// connection give way, and their sessions end; else ErrExists when there is one.
// ErrExists, too, when the person is linked to somebody already; ErrNotVerified
// when the login verified nobody; ErrNotFound when login, connection or user are gone.
func (s *Store) LinkFromLogin(ctx context.Context, actor model.Actor, loginID, username string, replace bool) (link Link, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		l, c, err := tx.refusedPerson(ctx, loginID)
		if err != nil {
			return err
		}
		var t together
		t.oneAtATime(l.Person.Username)
		if err := t.send(ctx, tx.db); err != nil {
			return err
		}
		u, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		link, err = tx.link(ctx, actor, l, c, u, replace)
		return err
	})
	return link, err
}

// AddFromLogin makes a user of the person whom a refused login verified, as the
// administrator wrote them down, and links them. Errors as of CreateUser and
// LinkFromLogin.
func (s *Store) AddFromLogin(ctx context.Context, actor model.Actor, loginID string, u model.User, groups []string) (link Link, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		if u, err = tx.CreateUser(ctx, actor, u, groups); err != nil {
			return err
		}
		link, err = tx.LinkFromLogin(ctx, actor, loginID, u.Username, false)
		return err
	})
	return link, err
}

// refusedPerson is a refused login that verified somebody, and its connection.
func (s *Store) refusedPerson(ctx context.Context, loginID string) (model.Login, model.Connection, error) {
	l, err := s.Login(ctx, loginID)
	if err != nil {
		return l, model.Connection{}, err
	}
	if !CanLinkFrom(l) {
		return l, model.Connection{}, ErrNotVerified
	}
	c, err := s.Connection(ctx, l.Connection)
	return l, c, err
}

func (s *Store) link(ctx context.Context, actor model.Actor, l model.Login, c model.Connection, u model.User, replace bool) (Link, error) {
	own, err := s.identities(ctx, "where i.user_id = @user::uuid and i.connection_id = @connection order by i.id",
		named{"user": u.ID, "connection": c.ID})
	if err != nil {
		return Link{}, err
	}
	if len(own) > 0 && !replace {
		return Link{}, fmt.Errorf("%w: the user has another identity on this connection", ErrExists)
	}
	if found, err := s.findIdentity(ctx, c.ID, *l.Person); err != nil {
		return Link{}, err
	} else if found != nil {
		return Link{}, fmt.Errorf("%w: the person is linked already", ErrExists)
	}
	if err := s.useConsent(ctx, nil, u.ID, c.ID); err != nil {
		return Link{}, err
	}
	v := Link{Replaced: own}
	if v.User, err = s.dropIdentities(ctx, u, own); err != nil {
		return v, err
	}
	v.Identity = model.Identity{UserID: u.ID, ConnectionID: c.ID, Connection: c.Slug, IdPEntityID: l.Person.IdPEntityID,
		NameID: l.Person.NameID, ExternalID: l.Person.ExternalID}
	if v.Identity.ID, err = s.writeIdentity(ctx, v.Identity); err != nil {
		return v, translate(err)
	}
	v.AuditID, err = s.recordLink(ctx, actor, v, "from login "+l.ID)
	return v, err
}

func (s *Store) recordLink(ctx context.Context, actor model.Actor, v Link, note string) (int64, error) {
	args, err := auditArgs(actor, "identity.link", v.User.Username, auditedIdentities(v.Replaced), auditedIdentity(v.Identity), note)
	if err != nil || args == nil {
		return 0, err
	}
	return s.recordOne(ctx, args)
}

// linkedThen is an identity as the audit has it.
type linkedThen struct {
	Connection string `json:"connection"`
	IdP        string `json:"idp_entity_id"`
	NameID     string `json:"name_id"`
	ExternalID string `json:"external_id"`
}

// UndoLink undoes what LinkFromLogin did, by the entry of the audit: the identity
// goes, its sessions end, and those that gave way come back. ErrNotFound when there
// is no such entry, ErrConflict when it is too old, or anything changed since.
func (s *Store) UndoLink(ctx context.Context, actor model.Actor, auditID int64, now time.Time) (model.User, error) {
	var u model.User
	err := s.InTx(ctx, func(tx *Store) error {
		e, err := single(ctx, tx.db, scanAuditEntry, "select "+auditColumns+` from audit
			where id = @id and action = 'identity.link' and note like 'from login %'`, named{"id": auditID})
		if err != nil {
			return err
		}
		if now.Sub(e.At) > model.UndoFor {
			return ErrConflict
		}
		was, is, err := linksOf(e)
		if err != nil {
			return err
		}
		if u, err = tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(e.Object)}); err != nil {
			return err
		}
		u, err = tx.undoLink(ctx, actor, u, was, is)
		return err
	})
	return u, err
}

func linksOf(e model.AuditEntry) (was []linkedThen, is linkedThen, err error) {
	var before struct {
		linkedThen
		Identities []linkedThen `json:"identities"`
	}
	if len(e.Before) > 0 {
		if err := json.Unmarshal(e.Before, &before); err != nil {
			return nil, is, err
		}
		if was = before.Identities; was == nil {
			was = []linkedThen{before.linkedThen}
		}
	}
	if len(e.After) == 0 {
		return nil, is, ErrConflict // what it said was erased
	}
	return was, is, json.Unmarshal(e.After, &is)
}

func (s *Store) undoLink(ctx context.Context, actor model.Actor, u model.User, was []linkedThen, is linkedThen) (model.User, error) {
	own, err := s.identities(ctx, "where i.user_id = @user::uuid and c.slug = @connection for update of i",
		named{"user": u.ID, "connection": is.Connection})
	if err != nil {
		return u, err
	}
	if len(own) != 1 || own[0].IdPEntityID != is.IdP || own[0].NameID != is.NameID || own[0].ExternalID != is.ExternalID {
		return u, ErrConflict
	}
	if u, err = s.dropIdentities(ctx, u, own); err != nil {
		return u, err
	}
	v := Link{User: u}
	for _, w := range was {
		i := w.identity()
		i.UserID, i.ConnectionID = u.ID, own[0].ConnectionID
		if _, err := s.writeIdentity(ctx, i); errors.Is(err, ErrExists) {
			return u, ErrConflict
		} else if err != nil {
			return u, err
		}
		v.Replaced = append(v.Replaced, i)
	}
	return u, s.record(ctx, actor, "identity.undo_link", u.Username, auditedIdentity(own[0]), auditedIdentities(v.Replaced), "")
}

// LinkMade is what linking by a login's page did, as long as it can be undone.
type LinkMade struct {
	AuditID  int64            // by which UndoLink undoes it
	Username string           // of the user who was linked
	Linked   model.Identity   // it goes
	Replaced []model.Identity // they come back
}

// LinkMadeFrom is what LinkFromLogin did with a login to the user who has the name
// of its person. ErrNotFound where it did nothing, or it cannot be undone any more.
func (s *Store) LinkMadeFrom(ctx context.Context, l model.Login, now time.Time) (v LinkMade, err error) {
	if !CanLinkFrom(l) {
		return v, ErrNotFound
	}
	e, err := single(ctx, s.db, scanAuditEntry, "select "+auditColumns+` from (select a.* from users u join audit a on a.object = u.username
		where u.username_key = @key and a.action = 'identity.link' and a.note = @note and a.at > @since and `+linkStands+`) a order by id desc limit 1`,
		named{"note": "from login " + l.ID, "since": now.Add(-model.UndoFor), "key": model.Key(l.Person.Username)})
	if err != nil {
		return v, err
	}
	was, is, err := linksOf(e)
	if err != nil {
		return v, err
	}
	v = LinkMade{AuditID: e.ID, Username: e.Object, Linked: is.identity()}
	for _, w := range was {
		v.Replaced = append(v.Replaced, w.identity())
	}
	return v, nil
}

func (t linkedThen) identity() model.Identity {
	return model.Identity{Connection: t.Connection, IdPEntityID: t.IdP, NameID: t.NameID, ExternalID: t.ExternalID}
}
