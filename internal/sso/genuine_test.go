package sso_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// The genuine message that AWS sent in 2022 is accepted at its time. It belongs
// to somebody else and is not in this repository.
func TestGenuineMessage(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("POSTERN_AWS_CAPTURE")
	if dir == "" {
		t.Skip("POSTERN_AWS_CAPTURE names no folder with a captured message")
	}
	data, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		IdP      string `json:"idp_entity_id"`
		SP       string `json:"sp_entity_id"`
		ACS      string `json:"acs_url"`
		Now      time.Time
		Expected struct {
			NameID string `json:"name_id"`
		}
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	idp, err := sso.ParseMetadata(readFile(t, filepath.Join(dir, "metadata.xml")), sso.MetadataOptions{Now: c.Now})
	if err != nil || idp.EntityID != c.IdP {
		t.Fatalf("metadata: %v %+v", err, idp)
	}
	o := sso.InspectOptions{Metadata: idp, Now: c.Now, EntityID: c.SP, ACSURL: c.ACS, RequireSignatures: model.SignaturesBoth, ClockSkew: 3 * time.Minute}
	response := readFile(t, filepath.Join(dir, "response.xml"))
	if v := sso.Inspect(response, o); v.Verdict != "accepted" || v.NameID != c.Expected.NameID {
		t.Errorf("%s %+v", v.Verdict, v.Refusal)
	}
	o.Now = c.Now.Add(2 * time.Hour)
	if v := sso.Inspect(response, o); v.Code != model.CodeExpired {
		t.Errorf("two hours later: %q", v.Code)
	}
}
