package awssim

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// certificateRow is a certificate as "Manage certificate" lists it.
type certificateRow struct {
	Number             int
	Active             bool
	Serial, Thumbprint string
	Algorithm          string
	Bits               int
	ExpiresOn          time.Time
	Warning            string // red, yellow or green, with AWS's limits
}

func (s *Simulator) certificateRows(app *Application) ([]certificateRow, error) {
	var rows []certificateRow
	for n, c := range app.Certificates {
		cert, err := c.parse()
		if err != nil {
			return nil, err
		}
		signer, err := c.signer()
		if err != nil {
			return nil, err
		}
		row := certificateRow{
			Number: n, Active: c.Active, Serial: cert.SerialNumber.String(), Algorithm: c.Algorithm,
			Bits: signer.key.N.BitLen(), ExpiresOn: cert.NotAfter, Warning: "green",
			Thumbprint: strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sha256.Sum256(cert.Raw)), " ", ":")),
		}
		switch left := cert.NotAfter.Sub(s.now()); {
		case left <= 0:
			row.Warning = "red"
		case left <= 90*24*time.Hour:
			row.Warning = "yellow"
		}
		rows = append(rows, row)
	}
	return rows, nil
}

type certificatesPage struct {
	*Application
	Rows []certificateRow
}

func (s *Simulator) getCertificates(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	return s.renderCertificates(w, r, http.StatusOK, app, "")
}

func (s *Simulator) renderCertificates(w http.ResponseWriter, r *http.Request, status int, app *Application, problem string) error {
	rows, err := s.certificateRows(app)
	if err != nil {
		return err
	}
	s.render(w, r, status, "certificates", view{Title: "Manage certificate", Section: "applications", Problem: problem,
		Data: certificatesPage{app, rows}})
	return nil
}

func (s *Simulator) postCertificates(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	number, _ := strconv.Atoi(r.PostFormValue("number"))
	switch r.PostFormValue("action") {
	case "generate":
		months, _ := strconv.Atoi(r.PostFormValue("months"))
		bits, _ := strconv.Atoi(r.PostFormValue("bits"))
		err = s.GenerateCertificate(app.ID, r.PostFormValue("algorithm"), bits, months)
	case "activate":
		err = s.ActivateCertificate(app.ID, number)
	case "delete":
		err = s.DeleteCertificate(app.ID, number)
	default:
		err = errors.New("choose what to do")
	}
	if err != nil {
		return s.renderCertificates(w, r, http.StatusUnprocessableEntity, app, err.Error())
	}
	return seeOther(w, r, "/applications/"+app.ID+"/certificates")
}

// GenerateCertificate adds an inactive certificate to an application that has
// one. Algorithm is SHA1 or SHA256, bits 1024 or 2048.
func (s *Simulator) GenerateCertificate(id, algorithm string, bits, months int) error {
	switch {
	case algorithm != SHA1 && algorithm != SHA256:
		return errors.New("choose the algorithm SHA-1 or SHA-256")
	case bits != 1024 && bits != 2048:
		return errors.New("choose the key size 1024 or 2048")
	case months < 1 || months > 120:
		return errors.New("write a validity period from 1 to 120 months")
	}
	c, err := s.generate(algorithm, bits, months)
	if err != nil {
		return err
	}
	return s.changeCertificates(id, func(a *Application) error {
		if len(a.Certificates) >= 2 {
			return errors.New("an application has at most two certificates: delete the inactive one first")
		}
		a.Certificates = append(a.Certificates, c)
		return nil
	})
}

// ActivateCertificate lets the certificate with this number, counted from 0,
// sign from now on.
func (s *Simulator) ActivateCertificate(id string, number int) error {
	return s.changeCertificates(id, func(a *Application) error {
		if number < 0 || number >= len(a.Certificates) {
			return fmt.Errorf("%w certificate", ErrUnknown)
		}
		for i := range a.Certificates {
			a.Certificates[i].Active = i == number
		}
		return nil
	})
}

// DeleteCertificate deletes an inactive certificate.
func (s *Simulator) DeleteCertificate(id string, number int) error {
	return s.changeCertificates(id, func(a *Application) error {
		if number < 0 || number >= len(a.Certificates) {
			return fmt.Errorf("%w certificate", ErrUnknown)
		}
		if a.Certificates[number].Active {
			return errors.New("only an inactive certificate can be deleted: set the other one as active first")
		}
		a.Certificates = slices.Delete(a.Certificates, number, number+1)
		return nil
	})
}

func (s *Simulator) changeCertificates(id string, change func(*Application) error) error {
	return s.update(func(c *Settings) error {
		a := c.application(id)
		if a == nil {
			return fmt.Errorf("%w application %s", ErrUnknown, id)
		}
		return change(a)
	})
}

// fileName tells the certificates of an application apart, by their ends.
func (c Certificate) fileName(applicationID string) string {
	name := applicationID + "-certificate"
	if cert, err := c.parse(); err == nil {
		name += "-until-" + cert.NotAfter.UTC().Format(time.DateOnly)
	}
	return name + ".pem"
}

// downloadCertificate serves "IAM Identity Center certificate" as PEM; number
// "active" is the one that signs.
func (s *Simulator) downloadCertificate(w http.ResponseWriter, r *http.Request) error {
	app, err := s.requested(r)
	if err != nil {
		return err
	}
	for n, c := range app.Certificates {
		if name := r.PathValue("number"); name == strconv.Itoa(n) || (name == "active" && c.Active) {
			w.Header().Set("Content-Type", "application/x-pem-file")
			w.Header().Set("Content-Disposition", `attachment; filename="`+c.fileName(app.ID)+`"`)
			_, _ = w.Write([]byte(c.Certificate))
			return nil
		}
	}
	return errNotFound
}
