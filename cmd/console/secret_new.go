package main

import (
	"fmt"
	"os"

	"github.com/postern-sso/postern/internal/seal"
)

// secretNewCmd makes a key before there is a Postern, where several are to share
// it from the first start on.
type secretNewCmd struct {
	File string `arg:"" help:"File to make, mode 0600. It must not be there."`
}

// Run makes the file, and says which key it holds.
func (c *secretNewCmd) Run(io streams) error {
	if _, err := os.Lstat(c.File); err == nil {
		return fmt.Errorf("%s is there already, and stays as it is", c.File)
	}
	sealer, err := seal.LoadOrCreate(c.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "%s holds the new key %s. Keep a copy apart from the database: what it seals opens with no other.\n",
		c.File, sealer.Fingerprint())
	return err
}
