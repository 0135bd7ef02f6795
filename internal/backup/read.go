package backup

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// open opens what is sealed and packed; done says whether it was read to its end.
func open(r io.Reader, passphrase string) (in frameReader, done func() error, err error) {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return in, nil, fmt.Errorf("use the passphrase: %w", err)
	}
	identity.SetMaxWorkFactor(maxWorkFactor)
	plain, err := age.Decrypt(r, identity)
	var other *age.NoIdentityMatchError
	switch {
	case errors.As(err, &other):
		return in, nil, ErrPassphrase
	case err != nil:
		return in, nil, fmt.Errorf("%w (%w)", ErrNoBackup, err)
	}
	packed, err := gzip.NewReader(plain)
	if err != nil {
		return in, nil, damaged(err)
	}
	done = func() error {
		for _, rest := range []io.Reader{packed, plain} {
			n, err := io.Copy(io.Discard, rest)
			if err == nil && n > 0 {
				err = errors.New("something follows its end")
			}
			if err != nil {
				return damaged(err)
			}
		}
		return nil
	}
	return frameReader{packed}, done, nil
}

// Verify reads a whole file: it opens with the passphrase, no byte of it was changed,
// and nothing is missing.
func Verify(r io.Reader, passphrase string) (Summary, error) {
	in, done, err := open(r, passphrase)
	if err != nil {
		return Summary{}, err
	}
	s, err := begin(in)
	if err != nil {
		return s, err
	}
	_, err = eachTable(in, &s, func(_ table, data *rows) error {
		_, err := io.Copy(io.Discard, data)
		return err
	})
	if err != nil {
		return s, err
	}
	return s, done()
}

// begin reads what comes before the tables.
func begin(in frameReader) (s Summary, err error) {
	if err := in.want(kindHeader, &s.Header); err != nil {
		return s, err
	}
	if s.Format != format {
		return s, fmt.Errorf("%w: its format is %d, and this one knows format %d", ErrNewer, s.Format, format)
	}
	return s, in.want(kindKey, &s.Key)
}

// eachTable hands over the rows of each table, and returns the sequences behind the
// last. What do leaves unread is an error.
func eachTable(in frameReader, s *Summary, do func(table, *rows) error) (sequences []sequence, err error) {
	for {
		kind, data, err := in.next()
		if err != nil {
			return nil, err
		}
		if kind == kindSequences {
			var last end
			if err := errors.Join(decode(kind, data, kindSequences, &sequences), in.want(kindEnd, &last)); err != nil {
				return nil, err
			}
			if last != (end{s.Tables, s.Rows}) {
				return nil, damaged(errors.New("it says another number of rows than it has"))
			}
			return sequences, nil
		}
		var t table
		if err := decode(kind, data, kindTable, &t); err != nil {
			return nil, err
		}
		content := &rows{frames: in}
		if err := do(t, content); err != nil {
			return nil, err
		}
		if content.end == nil {
			return nil, damaged(errors.New("rows are left of the table " + t.Name))
		}
		s.Tables, s.Rows = s.Tables+1, s.Rows+content.end.Rows
	}
}
