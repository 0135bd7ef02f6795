package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Lost is how much of one kind no key opens any more.
type Lost struct {
	Count        int
	One, Several string // what it is
	Then         string // what giving it up means
}

// ErrRuns: processes that run may have the lost key still, in memory.
var ErrRuns = errors.New("a Postern runs on this database, or did until a few seconds ago, and it may still have the key that was lost. " +
	"Stop every one, and try again a quarter of a minute later")

// beatsFor is how old the heartbeat is at least when nobody runs any more.
const beatsFor = 15 * time.Second

// CheckNobodyRuns fails when a process on this database has shown itself lately.
func (s *Store) CheckNobodyRuns(ctx context.Context) error {
	var age float64
	if err := s.db.QueryRow(ctx, "select extract(epoch from clock_timestamp() - at) from heartbeat").Scan(&age); err != nil {
		return err
	}
	if age < beatsFor.Seconds() {
		return ErrRuns
	}
	return nil
}

// CountLost counts what does not open with any of r's keys.
func (s *Store) CountLost(ctx context.Context, r Resealer) ([]Lost, error) {
	return s.eachLost(ctx, r, func(sealedColumn, []string) error { return nil })
}

// GiveUpLost removes what does not open with any of r's keys, and lets the present
// key seal from now on, in place of the one that was lost. The audit says so.
func (s *Store) GiveUpLost(ctx context.Context, actor model.Actor, r Resealer, fingerprint string) ([]Lost, error) {
	var lost []Lost
	err := s.InTx(ctx, func(tx *Store) (err error) {
		lost, err = tx.eachLost(ctx, r, func(c sealedColumn, ids []string) error {
			_, err := tx.db.Exec(ctx, fmt.Sprintf("%s where %s = any($1)", c.giveUp, c.id), ids)
			return err
		})
		if err != nil {
			return err
		}
		if err := tx.SaveSettings(ctx, actor, func(set *Settings) error { set.KeyFingerprint = fingerprint; return nil }); err != nil {
			return err
		}
		var given []string
		for _, l := range lost {
			given = append(given, fmt.Sprintf("%d × %s", l.Count, l.One))
		}
		return tx.RecordAudit(ctx, actor, "settings.key_replaced", "", "Given up, because its key was lost: "+strings.Join(given, ", "))
	})
	return lost, err
}

// eachLost visits the rows of each sealed column whose values do not open, some at
// a time, and counts them.
func (s *Store) eachLost(ctx context.Context, r Resealer, visit func(c sealedColumn, ids []string) error) ([]Lost, error) {
	var all []Lost
	for _, c := range sealedColumns {
		n, last := 0, ""
		for {
			rows, err := s.sealedOtherwise(ctx, c, r.Prefix(), last)
			if err != nil {
				return nil, err
			}
			var ids []string
			for _, row := range rows {
				last = row.id
				if _, err := r.Open(row.value, c.context(row.id)); err != nil {
					ids = append(ids, row.id)
				}
			}
			if n += len(ids); len(ids) > 0 {
				if err := visit(c, ids); err != nil {
					return nil, err
				}
			}
			if len(rows) < resealBatch {
				break
			}
		}
		if n > 0 {
			all = append(all, Lost{n, c.one, c.several, c.then})
		}
	}
	return all, nil
}
