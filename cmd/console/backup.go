package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/term"

	"github.com/postern-sso/postern/internal/backup"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/templates/ui"
)

// passphraseVariable holds a backup's passphrase. There is no flag for it: a command
// line is visible to everybody on the machine.
const passphraseVariable = "POSTERN_BACKUP_PASSPHRASE"

// passphraseFlags say where a backup's passphrase is.
type passphraseFlags struct {
	PassphraseFile string `name:"passphrase-file" env:"POSTERN_BACKUP_PASSPHRASE_FILE" placeholder:"FILE" help:"File whose first line is the passphrase of backups. Without: POSTERN_BACKUP_PASSPHRASE, else standard input."`
}

// maxPassphrase bounds what is read of it.
const maxPassphrase = 4 << 10

// givenPassphrase is that of the file or the environment; empty: there is none.
func (f passphraseFlags) givenPassphrase() (string, error) {
	if f.PassphraseFile == "" {
		return os.Getenv(passphraseVariable), nil
	}
	file, err := os.Open(f.PassphraseFile)
	if err != nil {
		return "", fmt.Errorf("the passphrase: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	if info, err := file.Stat(); err != nil || info.Mode().Perm()&0o007 != 0 {
		return "", errors.Join(err, fmt.Errorf("the passphrase: everybody on this machine may use %s. Run chmod o= on it", f.PassphraseFile))
	}
	return firstLine(file)
}

// passphrase asks where none is given: twice where a person types a new one.
func (f passphraseFlags) passphrase(io streams, twice bool) (string, error) {
	given, err := f.givenPassphrase()
	if given != "" || err != nil {
		return given, err
	}
	terminal, ok := io.in.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return firstLine(io.in)
	}
	first, err := ask(io.err, terminal, "Passphrase of the backup: ")
	if err != nil || !twice {
		return first, err
	}
	second, err := ask(io.err, terminal, "Once more: ")
	if err == nil && first != second {
		err = errors.New("the two passphrases differ. Nothing was written")
	}
	return first, err
}

func ask(w io.Writer, terminal *os.File, question string) (string, error) {
	fmt.Fprint(w, question)
	text, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(w)
	if err == nil && len(text) == 0 {
		err = errNoPassphrase
	}
	return string(text), err
}

var errNoPassphrase = errors.New("a backup has a passphrase: give it on standard input, in a file with --passphrase-file, or in " + passphraseVariable)

func firstLine(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPassphrase))
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", errNoPassphrase
	}
	return line, nil
}

type backupCmd struct {
	databaseFlags
	secretFlags
	passphraseFlags
	File   string `arg:"" help:"Where the backup goes. A file of that name is replaced when the new one is whole." type:"path"`
	Verify bool   `help:"Write nothing: read the backup in FILE whole, and say what it is."`
}

// Run puts everything into one file.
func (c *backupCmd) Run(ctx context.Context, io streams) (err error) {
	passphrase, err := c.passphrase(io, !c.Verify)
	if err != nil {
		return err
	}
	if c.Verify {
		s, err := verifyFile(c.File, passphrase)
		if err == nil {
			fmt.Fprintf(io.out, "%s is whole: %s\n", c.File, toldBackup(s))
		}
		return err
	}
	db, err := c.open(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	s, err := c.backup(ctx, db, c.DataDir, c.File, passphrase)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "The backup is in %s: %s\nIt opens with the passphrase alone: keep that where the file is not.\n", c.File, toldBackup(s))
	return nil
}

func toldBackup(s backup.Summary) string {
	key := "with the secret key"
	if len(s.Key) == 0 {
		key = "without a secret key, since nothing was sealed yet"
	}
	return fmt.Sprintf("%s of %s, %s, made on %s by Postern %s (migration %d).", ui.Count(int(s.Rows), "row", "rows"), ui.Count(s.Tables, "table", "tables"),
		key, s.Made.UTC().Format("2006-01-02 15:04:05 UTC"), s.Program, s.Schema)
}

// backup writes everything of a database into a file.
func (f secretFlags) backup(ctx context.Context, db *database, dataDir, path, passphrase string) (s backup.Summary, err error) {
	conn, err := pgx.Connect(ctx, db.ownersURL())
	if err != nil {
		return s, fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is pending on it
	o := backup.Options{Passphrase: passphrase, Program: version}
	set, err := db.Settings(ctx)
	if err != nil {
		return s, err
	}
	o.KeyNamed = set.KeyFingerprint
	if o.KeyNamed != "" {
		if o.Key, err = f.keyText(dataDir, o.KeyNamed); err != nil {
			return s, fmt.Errorf("a backup has the secret key in it: %w", err)
		}
	}
	err = backup.ToFile(path, func(w *os.File) error {
		s, err = backup.Write(ctx, conn, w, o)
		return err
	})
	return s, err
}

// keyText is the content of the key file, in which the key is that the database names.
func (f secretFlags) keyText(dataDir, fingerprint string) ([]byte, error) {
	sealer, err := f.sealer(dataDir)
	if err := f.judgeKey(sealer, err, fingerprint, dataDir); err != nil {
		return nil, err
	}
	if f.SecretKey != "" {
		return []byte(f.SecretKey), nil
	}
	return os.ReadFile(f.keyFile(dataDir))
}

func verifyFile(path, passphrase string) (backup.Summary, error) {
	file, err := os.Open(path)
	if err != nil {
		return backup.Summary{}, err
	}
	defer file.Close() //nolint:errcheck // only read
	s, err := backup.Verify(file, passphrase)
	if err == nil && len(s.Key) > 0 {
		err = keyFits(s)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// keyFits makes sure that the key in a backup is the one that its database names.
func keyFits(s backup.Summary) error {
	sealer, err := seal.Parse(string(bytes.TrimSpace(s.Key)))
	if err != nil {
		return err
	}
	return sealer.Use(s.KeyNamed)
}
