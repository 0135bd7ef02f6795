package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/directory/aws"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

type sourceSecretCmd struct{ sourceFlags }

// maxSecret is how much of standard input may be a secret, in bytes.
const maxSecret = 8 << 10

// Run keeps the secret, sealed.
func (c *sourceSecretCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	src, err := db.Source(ctx, c.Slug)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no source has the slug %q; “console source list” shows them", c.Slug)
	}
	if err != nil {
		return err
	}
	if src.Kind == model.SourceSCIM {
		return c.makeToken(ctx, db, io.out)
	}
	secret, err := readSourceSecret(io.in, src.Kind)
	if err != nil {
		return err
	}
	sealer, err := c.openSealer(ctx, db, c.DataDir)
	if err != nil {
		return err
	}
	sealed, err := sealer.Seal(secret, model.SealedSourceSecret(src.Slug))
	if err != nil {
		return err
	}
	if err := db.SetSourceSecret(ctx, shell, src.Slug, sealed); err != nil {
		return err
	}
	if src.AWS.FromSurroundings { // keys take the place of the machine's own credentials
		_, err := db.UpdateSource(ctx, shell, src.Slug, 0, func(s *model.Source) error { s.AWS.FromSurroundings = false; return nil })
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(io.out, "Kept, sealed. Try it: console source test %s\n", src.Slug)
	return nil
}

// makeToken prints a new token of a source that pushes; it is not shown again.
func (c *sourceSecretCmd) makeToken(ctx context.Context, db *database, out io.Writer) error {
	token, ended, err := db.MakeSCIMToken(ctx, shell, c.Slug, time.Time{})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, token)
	for _, t := range ended {
		fmt.Fprintf(out, "The oldest token, made on %s by %s, is void: a source has two at most.\n", t.CreatedAt.UTC().Format("2006-01-02"), t.CreatedBy)
	}
	return nil
}

// readSourceSecret reads a password, which is one line, or the two lines of AWS's keys.
func readSourceSecret(in io.Reader, kind model.SourceKind) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSecret {
		return nil, errors.New("standard input has more than a secret can be")
	}
	text := strings.TrimRight(string(data), "\r\n")
	if kind == model.SourceAWS {
		id, key, ok := strings.Cut(text, "\n")
		keys := aws.Keys{AccessKeyID: strings.TrimSpace(id), SecretAccessKey: strings.TrimSpace(key)}
		if !ok || keys.AccessKeyID == "" || keys.SecretAccessKey == "" || strings.Contains(keys.SecretAccessKey, "\n") {
			return nil, errors.New("standard input has to be two lines: the access key ID and the secret access key")
		}
		return runner.AWSSecret(keys), nil
	}
	if text == "" || strings.Contains(text, "\n") {
		return nil, errors.New("standard input has to be one line: the password")
	}
	return []byte(text), nil
}
