package store

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// SealedColumns names the columns that a change of key seals anew.
func SealedColumns() []string {
	var names []string
	for _, c := range sealedColumns {
		names = append(names, c.table+"."+c.column)
	}
	return names
}

// CollectPerson is an export with a limit of the test's own.
func (s *Store) CollectPerson(ctx context.Context, u model.User, limit int) (PersonData, error) {
	d := PersonData{User: &u, Names: []string{u.Username}}
	return d, s.collect(ctx, &d, limit)
}

// Exec runs SQL, also where the store sits on a transaction.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.db.Exec(ctx, sql, args...)
	return err
}

// WithLimits ends calls sooner than in production.
func WithLimits(free, call time.Duration) Option {
	return func(cfg *pgxpool.Config) { cfg.ConnConfig.Tracer = limits{free: free, call: call} }
}

// PlanPushCounted is PlanPush with everything counted, whatever the push does.
func (s *Store) PlanPushCounted(ctx context.Context, src model.Source, p Push) (model.SourcePlan, error) {
	in, err := s.pushInput(ctx, src, p)
	if err != nil {
		return model.SourcePlan{}, err
	}
	if err := s.addCounted(ctx, &in.Known, src); err != nil {
		return model.SourcePlan{}, err
	}
	if in.Known.Sizes, err = s.sourceGroupSizes(ctx, src, in.Known.Memberships, math.MaxInt32); err != nil {
		return model.SourcePlan{}, err
	}
	if in.Known.RuleSizes, err = s.ruleGroupSizes(ctx, src, in.Known.ByRule, math.MaxInt32); err != nil {
		return model.SourcePlan{}, err
	}
	return directory.Plan(in)
}

// What searches are written with.
const (
	AuditText   = auditText
	AuditOfName = auditOfName
)

// HasRareLetter is hasRareLetter.
var HasRareLetter = hasRareLetter
