package backup

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
)

// workFactor makes a guess at the passphrase cost 128 MiB of memory and about half a
// second (OWASP's figure for scrypt); maxWorkFactor is what is believed of a file.
const (
	workFactor    = 17
	maxWorkFactor = 20
)

// Options say how a backup is made.
type Options struct {
	Passphrase string
	Key        []byte // the content of the secret key file
	KeyNamed   string // the fingerprint that the database names
	Program    string // the version that makes it

	cheap bool // for tests: a passphrase is as good as its key
}

// Write writes all of the database into w, as one snapshot has it. The role of conn
// must be able to read every table.
func Write(ctx context.Context, conn *pgx.Conn, w io.Writer, o Options) (Summary, error) {
	recipient, err := age.NewScryptRecipient(o.Passphrase)
	if err != nil {
		return Summary{}, fmt.Errorf("use the passphrase: %w", err)
	}
	recipient.SetWorkFactor(workFactor)
	if o.cheap {
		recipient.SetWorkFactor(1)
	}
	sealed, err := age.Encrypt(w, recipient)
	if err != nil {
		return Summary{}, err
	}
	packed := gzip.NewWriter(sealed)
	s, err := dump(ctx, conn, frameWriter{packed}, o, false)
	return s, errors.Join(err, packed.Close(), sealed.Close())
}

// dump writes the frames. Whole, it is every row of every table.
func dump(ctx context.Context, conn *pgx.Conn, out frameWriter, o Options, whole bool) (s Summary, err error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return s, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was changed
	if _, err := tx.Exec(ctx, plainly); err != nil {
		return s, err
	}
	s.Key = o.Key
	s.Header = Header{Format: format, Made: time.Now().UTC(), Program: o.Program, KeyNamed: o.KeyNamed}
	if s.Applied, err = applied(ctx, tx); err != nil {
		return s, err
	}
	if len(s.Applied) == 0 {
		return s, errNothing
	}
	s.Schema = s.Applied[len(s.Applied)-1]
	if err := errors.Join(out.putJSON(kindHeader, s.Header), out.put(kindKey, o.Key)); err != nil {
		return s, err
	}
	all, err := tablesOf(ctx, tx)
	if err != nil {
		return s, err
	}
	for _, t := range all {
		if own[t.Name] || leftOut[t.Name] && !whole {
			continue
		}
		n, err := dumpTable(ctx, tx, out, t)
		if err != nil {
			return s, fmt.Errorf("read the table %s: %w", t.Name, err)
		}
		s.Tables, s.Rows = s.Tables+1, s.Rows+n
	}
	sequences, err := sequencesOf(ctx, tx)
	if err != nil {
		return s, err
	}
	return s, errors.Join(out.putJSON(kindSequences, sequences), out.putJSON(kindEnd, end{s.Tables, s.Rows}))
}

func dumpTable(ctx context.Context, tx pgx.Tx, out frameWriter, t table) (int64, error) {
	if err := out.putJSON(kindTable, t); err != nil {
		return 0, err
	}
	tag, err := tx.Conn().PgConn().CopyTo(ctx, out, fmt.Sprintf("copy %s (%s) to stdout", t.quoted(), t.columns()))
	if err != nil {
		return 0, err
	}
	return tag.RowsAffected(), out.putJSON(kindTableEnd, tableEnd{tag.RowsAffected()})
}

// Copy copies every row from one database into another of the same migrations, in
// which nothing is.
func Copy(ctx context.Context, from, to *pgx.Conn) (Summary, error) {
	in, out := io.Pipe()
	dumped := make(chan error, 1)
	go func() {
		_, err := dump(ctx, from, frameWriter{out}, Options{}, true)
		_ = out.CloseWithError(err) // never fails
		dumped <- err
	}()
	s, err := load(ctx, to, frameReader{in}, true, func(Summary, pgx.Tx) error { return nil })
	_ = in.CloseWithError(errors.New("the copy has ended"))
	return s, errors.Join(err, <-dumped)
}
