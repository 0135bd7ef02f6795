package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// peopleOfPart is what changes of people need to know, and what they will write.
type peopleOfPart struct {
	*sourcePart
	users   map[string]*partUser // by id, locked
	holders map[string]string    // key of a username → id of the user who has it, or "new"
	admins  map[string]bool
	now     time.Time

	updates map[string]bool // ids of users to write
	freed   map[string]bool // keys that these give up
	inserts []*RunChange
	undo    bool // changes are taken back: before and after have changed places
}

// partUser is a user as it is after the changes so far.
type partUser struct {
	model.User
	pins model.Pins
}

// people carries out changes of people, and makes groups.
func (p *sourcePart) people(ctx context.Context) error {
	o := &peopleOfPart{sourcePart: p, updates: map[string]bool{}, freed: map[string]bool{}}
	if err := o.load(ctx); err != nil {
		return err
	}
	if err := p.makeGroups(ctx); err != nil {
		return err
	}
	for i := range p.changes {
		c := &p.changes[i]
		var err error
		switch c.Kind {
		case model.SourceGroupMade:
		case model.SourceCreated:
			o.create(c)
		default:
			err = o.change(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return o.flush(ctx)
}

// load reads and locks the users, in the order in which everybody locks them.
func (o *peopleOfPart) load(ctx context.Context) error {
	ids, keys := []string{}, []string{}
	for _, c := range o.changes {
		if c.UserID != "" {
			ids = append(ids, c.UserID)
		}
		if c.After.Username != "" {
			keys = append(keys, model.Key(c.After.Username))
		}
	}
	stored, err := list(ctx, o.tx.db, func(row pgx.CollectableRow) (*partUser, error) {
		u := &partUser{}
		var last *time.Time
		err := row.Scan(append(userFields(&u.User, &last), &u.pins)...)
		return u, err
	}, "select "+userColumns+", nullif(u.pins, '{}') from users u where u.id = any(@ids::uuid[]) order by u.username_key for update", named{"ids": ids})
	if err != nil {
		return err
	}
	o.users = make(map[string]*partUser, len(stored))
	for _, u := range stored {
		o.users[u.ID] = u
	}
	if o.admins, err = o.tx.administrators(ctx, ids); err != nil {
		return err
	}
	o.holders = map[string]string{}
	rows, err := o.tx.db.Query(ctx, "select username_key, id::text from users where username_key = any(@keys)", named{"keys": keys})
	if err != nil {
		return translate(err)
	}
	var key, id string
	if _, err = pgx.ForEachRow(rows, []any{&key, &id}, func() error { o.holders[key] = id; return nil }); err != nil {
		return translate(err)
	}
	return translate(o.tx.db.QueryRow(ctx, "select now()").Scan(&o.now))
}

// create notes somebody to be made, unless the username has been taken meanwhile.
func (o *peopleOfPart) create(c *RunChange) {
	key := model.Key(c.After.Username)
	if _, taken := o.holders[key]; taken {
		c.skip(fmt.Sprintf("The username “%s” was taken by somebody else meanwhile.", c.After.Username))
		return
	}
	o.holders[key] = "new"
	o.inserts = append(o.inserts, c)
}

// change notes what becomes of somebody who is there, if they are as the plan saw them.
func (o *peopleOfPart) change(ctx context.Context, c *RunChange) error {
	u := o.users[c.UserID]
	if why := o.obstacle(c, u); why != "" {
		c.skip(why)
		return nil
	}
	from, to := model.Key(u.Username), model.Key(c.After.Username)
	if from != to {
		if o.freed[to] { // it must be free before it is claimed
			if err := o.flush(ctx); err != nil {
				return err
			}
		}
		delete(o.holders, from)
		o.holders[to], o.freed[from] = u.ID, true
	}
	before := u.User
	after := before
	after.Username, after.Email, after.DisplayName = c.After.Username, c.After.Email, c.After.DisplayName
	after.FirstName, after.LastName, after.Active = c.After.FirstName, c.After.LastName, c.After.Active
	after, changes := changedUser(before, after)
	switch {
	case c.Home && o.undo:
		after.Home = ""
	case c.Home:
		after.Home = o.src.Slug
	}
	if before.Active && !after.Active {
		after.DeactivatedBy = model.DeactivatedBySource(o.src.Slug)
	} else if after.Active {
		after.DeactivatedBy = ""
	}
	u.User = after
	o.updates[u.ID] = true
	if changes {
		if err := o.note("user.update", after.Username, auditedUser(before), auditedUser(after)); err != nil {
			return err
		}
	}
	if c.Kind == model.SourceLinked {
		action := "user.linked_to_source"
		if o.undo {
			action = "user.unlinked_from_source"
		}
		if err := o.note(action, after.Username, nil, map[string]any{"source": o.src.Slug, "home": c.Home}); err != nil {
			return err
		}
	}
	return o.tx.renameConsents(ctx, before, after)
}

// obstacle is why a change is not done after all; empty: nothing is in the way.
func (o *peopleOfPart) obstacle(c *RunChange, u *partUser) string {
	if u == nil {
		return "The user is not here any more."
	}
	now := model.UserFields{Username: u.Username, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, DisplayName: u.DisplayName, Active: u.Active}
	holder := o.holders[model.Key(c.After.Username)]
	switch {
	case now != c.Before:
		return "The user was changed since the plan was made."
	case o.admins[u.ID] && c.Before != c.After, o.admins[u.ID] && c.Home:
		return "The user may use this console by now."
	case c.Home && u.Home != "" && u.Home != o.src.Slug:
		return fmt.Sprintf("The user belongs to the source %s by now.", u.Home)
	case c.Kind == model.SourceReactivated && u.DeactivatedBy != model.DeactivatedBySource(o.src.Slug):
		return "The user was deactivated by somebody else since the plan was made."
	case holder != "" && holder != u.ID:
		return fmt.Sprintf("The username “%s” was taken by somebody else meanwhile.", c.After.Username)
	case pinnedNow(c.Before, c.After, u.pins, o.now):
		return "An administrator pinned it since the plan was made."
	default:
		return ""
	}
}

// pinnedNow tells whether the change touches a field that is pinned.
func pinnedNow(a, b model.UserFields, pins model.Pins, at time.Time) bool {
	names := a.FirstName != b.FirstName || a.LastName != b.LastName || a.DisplayName != b.DisplayName
	return a.Username != b.Username && pins.Holds(model.PinUsername, at) || a.Email != b.Email && pins.Holds(model.PinEmail, at) ||
		names && pins.Holds(model.PinName, at) || a.Active != b.Active && pins.Holds(model.PinActive, at)
}

// flush writes what was noted: first those who are there, then the new ones.
func (o *peopleOfPart) flush(ctx context.Context) error {
	if err := o.writeUpdates(ctx); err != nil {
		return err
	}
	if err := o.writeInserts(ctx); err != nil {
		return err
	}
	o.updates, o.freed, o.inserts = map[string]bool{}, map[string]bool{}, nil
	return nil
}

func (o *peopleOfPart) writeUpdates(ctx context.Context) error {
	if len(o.updates) == 0 {
		return nil
	}
	var rows []named
	for id := range o.updates {
		args := userArgs(o.users[id].User)
		args["home"], args["by"] = o.users[id].Home, o.users[id].DeactivatedBy
		rows = append(rows, args)
	}
	data, err := toJSON(rows)
	if err != nil {
		return err
	}
	_, err = o.tx.db.Exec(ctx, `update users u set username = r.username, username_key = r.username_key, email = r.email, email_key = r.email_key,
			display_name = r.display_name, first_name = r.first_name, last_name = r.last_name, active = r.active, session_epoch = r.epoch,
			search_key = r.search, home_source = nullif(r.home, ''), deactivated_by = r.by, updated_at = now()
		from jsonb_to_recordset(@rows::jsonb) as r (id text, username text, username_key text, email text, email_key text, display_name text,
			first_name text, last_name text, active bool, epoch int, search text, home text, by text)
		where u.id = r.id::uuid`, named{"rows": data})
	if err != nil {
		return err // as it is: what was taken meanwhile is worth another try
	}
	return o.linkMirror(ctx)
}

// linkMirror says of the people of the mirror which users they are.
func (o *peopleOfPart) linkMirror(ctx context.Context) error {
	var ids, users []string
	for _, c := range o.changes {
		if c.Kind == model.SourceLinked && c.State == ChangePlanned && o.updates[c.UserID] {
			user := c.UserID
			if o.undo {
				user = ""
			}
			ids, users = append(ids, c.StableID), append(users, user)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := o.tx.db.Exec(ctx, `update source_users m set user_id = nullif(i.user_id, '')::uuid
		from unnest(@ids::text[], @users::text[]) as i (stable_id, user_id) where m.source_id = @source and m.stable_id = i.stable_id`,
		named{"source": o.src.ID, "ids": ids, "users": users})
	return translate(err)
}

func (o *peopleOfPart) writeInserts(ctx context.Context) error {
	if len(o.inserts) == 0 {
		return nil
	}
	rows := make([]named, len(o.inserts))
	byKey := make(map[string]*RunChange, len(o.inserts))
	for i, c := range o.inserts {
		u := canonicalUser(model.User{Username: c.After.Username, Email: c.After.Email, FirstName: c.After.FirstName, LastName: c.After.LastName,
			DisplayName: c.After.DisplayName, Active: c.After.Active, Source: model.UserSynced})
		rows[i] = userArgs(u)
		rows[i]["stable_id"] = c.StableID
		byKey[model.Key(u.Username)] = c
	}
	data, err := toJSON(rows)
	if err != nil {
		return err
	}
	made, err := list(ctx, o.tx.db, scanUser, `with r as (select * from jsonb_to_recordset(@rows::jsonb) as r (username text, username_key text, email text,
			email_key text, display_name text, first_name text, last_name text, active bool, search text, stable_id text) limit @n),
		u as (insert into users (username, username_key, email, email_key, display_name, first_name, last_name, active, source, search_key, home_source)
			select username, username_key, email, email_key, display_name, first_name, last_name, active, 'source', search, @slug from r returning *),
		m as (update source_users m set user_id = u.id from r join u on u.username_key = r.username_key
			where m.source_id = @source and m.stable_id = r.stable_id)
		select `+userColumns+" from u", named{"rows": data, "n": len(rows), "slug": o.src.Slug, "source": o.src.ID})
	if err != nil {
		return err
	}
	ids := make([]string, len(made))
	for i, u := range made {
		ids[i], byKey[model.Key(u.Username)].UserID = u.ID, u.ID
		if err := o.note("user.create", u.Username, nil, auditedUser(u)); err != nil {
			return err
		}
	}
	_, err = o.tx.consents(ctx, o.actor, consent{why: model.ConsentSource, users: ids})
	return err
}

type mirrorName struct{ id, name string }

func scanMirrorName(row pgx.CollectableRow) (m mirrorName, err error) {
	return m, row.Scan(&m.id, &m.name)
}
