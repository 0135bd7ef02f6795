package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// maxOpenProposals is how many certificates may wait for an administrator on one
// connection. AWS has two at the most.
const maxOpenProposals = 10

const proposalColumns = `id, connection_id, coalesce(setup_link_id, 0), proposer, fingerprint, certificate, created_at, decided_at, decided_by,
	coalesce(trusted, false)`

func scanProposal(row pgx.CollectableRow) (p model.CertificateProposal, err error) {
	var decided *time.Time
	err = row.Scan(&p.ID, &p.ConnectionID, &p.SetupLinkID, &p.Proposer, &p.Fingerprint, &p.Certificate, &p.CreatedAt, &decided, &p.DecidedBy, &p.Trusted)
	p.DecidedAt = valueOrZero(decided)
	return p, err
}

// ProposeCertificates keeps certificates that the holder of a setup link brought,
// until an administrator decides; one that waits already is kept once. ErrNotFound
// when the link is not open or for another task, ErrLimit when too many wait.
func (s *Store) ProposeCertificates(ctx context.Context, l model.SetupLink, remoteAddr string, now time.Time, proposals []model.CertificateProposal) error {
	return s.InTx(ctx, func(tx *Store) error {
		link, err := tx.openLink(ctx, l, model.TaskCertificate, now)
		if err != nil {
			return err
		}
		waiting, err := tx.OpenProposals(ctx, link.Connection)
		if err != nil {
			return err
		}
		actor := model.Actor{Name: link.Actor(), RemoteAddr: remoteAddr}
		for _, p := range proposals {
			tag, err := tx.db.Exec(ctx, `insert into certificate_proposals (connection_id, setup_link_id, proposer, fingerprint, certificate, created_at)
				select id, @link, @proposer, @fingerprint, @certificate, @now from connections where slug = @slug
				on conflict (connection_id, fingerprint) where decided_at is null do nothing`,
				named{"slug": link.Connection, "link": link.ID, "proposer": actor.Name, "fingerprint": p.Fingerprint, "certificate": p.Certificate, "now": now})
			if err != nil {
				return translate(err)
			}
			if tag.RowsAffected() == 0 {
				continue
			}
			if waiting = append(waiting, p); len(waiting) > maxOpenProposals {
				return ErrLimit
			}
			if err := tx.record(ctx, actor, "certificate.propose", link.Connection, nil, map[string]any{"fingerprint": p.Fingerprint}, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// OpenProposals are the certificates that wait for a decision, oldest first.
func (s *Store) OpenProposals(ctx context.Context, slug string) ([]model.CertificateProposal, error) {
	return list(ctx, s.db, scanProposal, "select "+proposalColumns+` from certificate_proposals
		where decided_at is null and connection_id = (select id from connections where slug = @slug) order by id`, named{"slug": slug})
}

// ProposalsOf are the certificates that came through a setup link, newest first.
func (s *Store) ProposalsOf(ctx context.Context, setupLinkID int64) ([]model.CertificateProposal, error) {
	return list(ctx, s.db, scanProposal, "select "+proposalColumns+` from certificate_proposals where setup_link_id = @link order by id desc limit 20`,
		named{"link": setupLinkID})
}

// RefuseProposal ends a proposal without trust; ErrNotFound when none waits under
// that id.
func (s *Store) RefuseProposal(ctx context.Context, actor model.Actor, slug string, id int64, now time.Time) error {
	return s.InTx(ctx, func(tx *Store) error {
		p, err := single(ctx, tx.db, scanProposal, `update certificate_proposals set decided_at = @now, decided_by = @by, trusted = false
			where id = @id and decided_at is null and connection_id = (select id from connections where slug = @slug) returning `+proposalColumns,
			named{"id": id, "now": now, "by": actor.Name, "slug": slug})
		if err != nil {
			return err
		}
		return tx.record(ctx, actor, "certificate.refuse", slug, map[string]any{"fingerprint": p.Fingerprint, "proposer": p.Proposer}, nil, "")
	})
}

// settleProposals ends the proposals of certificates that are trusted now.
func (s *Store) settleProposals(ctx context.Context, actor model.Actor, slug string, trusted []string) error {
	_, err := s.db.Exec(ctx, `update certificate_proposals set decided_at = now(), decided_by = @by, trusted = true
		where connection_id = (select id from connections where slug = @slug) and decided_at is null and fingerprint = any(@trusted::text[])`,
		named{"slug": slug, "by": actor.Name, "trusted": trusted})
	return err
}
