package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Leavers are who the simplest way of finding them finds, whatever sources say.
func TestLeaversOfRandomCompanies(t *testing.T) {
	t.Parallel()
	found := 0
	for seed := range uint64(8) {
		st, _ := storetest.OpenTx(t)
		w := &leaverWorld{t: t, st: st, rnd: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // the same in every run
		w.fill()
		leavers, _, err := st.Leavers(t.Context(), store.LeaverQuery{Page: store.Page{Limit: 200}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range leavers {
			got = append(got, leaverLine(l.Username, l.SourceSlug, string(l.Says), string(l.Stays), l.Adoptable))
		}
		want := w.leavers()
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: found\n%s\nwanted\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if n, err := st.CountLeavers(t.Context()); err != nil || n != len(want) {
			t.Errorf("seed %d: counted %d of %d, %v", seed, n, len(want), err)
		}
		found += len(want)
	}
	if found < 50 {
		t.Errorf("only %d leavers in all companies: they show little", found)
	}
}

func leaverLine(username, source, says, stays string, adoptable bool) string {
	return fmt.Sprint(username, " ", source, " ", says, " ", stays, " ", adoptable)
}

// leaverWorld is a small company with sources that say anything.
type leaverWorld struct {
	t          *testing.T
	st         *store.Store
	rnd        *rand.Rand
	connection int64
	sources    []leaverSource
	users      []leaverUser
	mirror     []leaverRow
	identities []leaverIdentity
}

type leaverSource struct {
	id         int64
	slug, kind string
	live       bool
}

type leaverUser struct {
	id, name, home string
	active         bool
}

type leaverRow struct {
	source                     int64
	stable, user               string
	present, enabled, assigned bool
	active                     bool // whether the source says who is active
}

type leaverIdentity struct {
	user, external string
	old            bool
}

func (w *leaverWorld) oneIn(n int) bool { return w.rnd.IntN(n) == 0 }

func (w *leaverWorld) fill() {
	c := storetest.LiveConnection(w.t, w.st, "aws", nil)
	w.connection = c.ID
	for i, kind := range []model.SourceKind{model.SourceAWS, model.SourceLDAP, model.SourceSCIM} {
		src := model.NewSource(kind)
		src.Slug, src.Name = fmt.Sprintf("s%d", i), string(kind)
		if kind == model.SourceAWS {
			src.Connection = c.Slug
		}
		src, err := w.st.CreateSource(w.t.Context(), storetest.Actor, src)
		if err != nil {
			w.t.Fatal(err)
		}
		s := leaverSource{id: src.ID, slug: src.Slug, kind: string(kind), live: !w.oneIn(6)}
		w.exec("update sources set status = $2, last_good_at = now() where id = $1", s.id, map[bool]string{true: "live", false: "paused"}[s.live])
		w.sources = append(w.sources, s)
	}
	assigns, ids := !w.oneIn(3), !w.oneIn(3)
	for i := range 40 {
		w.person(i, assigns, ids)
	}
}

// person adds somebody: a user whom each source may know in up to two ways, and who may
// have signed in by an id that is there, that is somebody else's, or that is not there.
func (w *leaverWorld) person(i int, assigns, ids bool) {
	u := leaverUser{name: fmt.Sprintf("u%02d", i), active: !w.oneIn(5)}
	u.id = storetest.User(w.t, w.st, u.name).ID
	if !w.oneIn(3) {
		u.home = w.sources[w.rnd.IntN(len(w.sources))].slug
	}
	w.exec("update users set active = $2, home_source = nullif($3, '') where id = $1", u.id, u.active, u.home)
	w.users = append(w.users, u)
	for _, s := range w.sources {
		for n := range w.rnd.IntN(3) {
			r := leaverRow{source: s.id, stable: fmt.Sprintf("%s-%d", u.name, n), present: !w.oneIn(3), enabled: !w.oneIn(3), active: !w.oneIn(4),
				assigned: assigns && s.kind == "aws" && !w.oneIn(3)}
			if !w.oneIn(4) {
				r.user = u.id
			}
			says := int16(model.SaysAll)
			if !r.active {
				says &^= int16(model.SaysActive)
			}
			w.exec(`insert into source_users (source_id, stable_id, digest, says, enabled, assigned, state, user_id, first_run, changed_run)
				values ($1, $2, '', $3, $4, $5, $6, nullif($7, '')::uuid, 1, 1)`, r.source, r.stable, says, r.enabled, r.assigned,
				map[bool]string{true: "present", false: "absent"}[r.present], r.user)
			w.mirror = append(w.mirror, r)
		}
	}
	for n := range w.rnd.IntN(3) {
		id := leaverIdentity{user: u.id, external: fmt.Sprintf("gone-%s-%d", u.name, n), old: !w.oneIn(3)}
		if ids && !w.oneIn(3) {
			id.external = fmt.Sprintf("u%02d-%d", i/2*2+n, n) // of two people, some have one another's
		}
		w.exec(`insert into identities (user_id, connection_id, idp_entity_id, name_id, external_id, last_login_at)
			values ($1, $2, $3, $4, $5, now() - $6::interval)`, u.id, w.connection, fmt.Sprint("idp", i, n), u.name, id.external,
			map[bool]time.Duration{true: 24 * time.Hour, false: time.Hour}[id.old])
		w.identities = append(w.identities, id)
	}
}

func (w *leaverWorld) exec(sql string, args ...any) {
	w.t.Helper()
	if err := w.st.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// leavers are those of the company, by username: one source each.
func (w *leaverWorld) leavers() []string {
	var lines []string
	for _, u := range w.users {
		for _, s := range w.sources {
			says, mirrored := w.says(u, s)
			stays := ""
			switch {
			case !u.active || !s.live || says == "":
				continue
			case u.home == "":
				stays = "no_home"
			case says == "unassigned":
				stays = "assignment"
			case s.kind == "scim":
				stays = "pushed"
			case says == "absent" && u.home != s.slug:
				stays = "other_home"
			default:
				continue
			}
			lines = append(lines, leaverLine(u.name, s.slug, says, stays, mirrored && s.kind != "scim" && stays == "no_home"))
			break
		}
	}
	return lines
}

// says is what a source says of somebody, at best: empty where that is nothing, or good.
func (w *leaverWorld) says(u leaverUser, s leaverSource) (says string, mirrored bool) {
	rank := []string{"unassigned", "disabled", "absent"}
	best := len(rank)
	note := func(says string, there bool) {
		switch at := slices.Index(rank, says); {
		case at < best:
			best, mirrored = at, there
		case at == best:
			mirrored = mirrored || there
		}
	}
	for _, r := range w.mirror {
		if r.source == s.id && (r.user == u.id || w.byID(s) && w.signedInBy(u, r.stable)) {
			note(w.saysOf(s, r), true)
		}
	}
	for _, i := range w.identities {
		if i.user == u.id && i.old && w.byID(s) && !slices.ContainsFunc(w.mirror, func(r leaverRow) bool { return r.source == s.id && r.stable == i.external }) {
			note("absent", false)
		}
	}
	if best < 0 || best == len(rank) {
		return "", false
	}
	return rank[best], mirrored
}

func (w *leaverWorld) saysOf(s leaverSource, r leaverRow) string {
	assigns := s.kind == "aws" && slices.ContainsFunc(w.mirror, func(r leaverRow) bool { return r.source == s.id && r.present && r.assigned })
	switch {
	case !r.present:
		return "absent"
	case !r.enabled && r.active:
		return "disabled"
	case assigns && !r.assigned:
		return "unassigned"
	default:
		return ""
	}
}

func (w *leaverWorld) signedInBy(u leaverUser, external string) bool {
	return slices.ContainsFunc(w.identities, func(i leaverIdentity) bool { return i.user == u.id && i.external == external })
}

// byID is whether some of the ids by which people signed in are in the source.
func (w *leaverWorld) byID(s leaverSource) bool {
	return s.kind == "aws" && slices.ContainsFunc(w.identities, func(i leaverIdentity) bool {
		return slices.ContainsFunc(w.mirror, func(r leaverRow) bool { return r.source == s.id && r.stable == i.external })
	})
}
