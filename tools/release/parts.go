package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// packParts lists what the program is made of, as CycloneDX has it: the modules
// that the program itself names, Go, and what came from npm.
func (r *release) packParts(arch, program, out string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	licences, err := r.licences()
	if err != nil {
		return err
	}
	self := cdx.Component{BOMRef: "pkg:golang/" + info.Main.Path + "@" + r.version, Type: cdx.ComponentTypeApplication, Name: "postern",
		Version: r.version, PackageURL: "pkg:golang/" + info.Main.Path + "@" + r.version, Licenses: spdx([]string{"Apache-2.0"})}
	parts := []cdx.Component{part("golang", "std", strings.TrimPrefix(info.GoVersion, "go"), []string{"BSD-3-Clause"})}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, part("golang", m.Path, m.Version, licences[m.Path]))
	}
	vendored, err := r.vendored()
	if err != nil {
		return err
	}
	for name, version := range vendored {
		parts = append(parts, part("npm", name, version, licences[name]))
	}
	slices.SortFunc(parts, func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	for _, p := range parts {
		if p.Licenses == nil {
			return fmt.Errorf("NOTICE has no licence of %s", p.Name)
		}
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = serial(self.BOMRef + " " + arch + " " + r.commit)
	bom.Metadata = &cdx.Metadata{Timestamp: r.time.Format("2006-01-02T15:04:05Z"), Component: &self}
	bom.Components = &parts
	refs := make([]string, len(parts))
	for i, p := range parts {
		refs[i] = p.BOMRef
	}
	bom.Dependencies = &[]cdx.Dependency{{Ref: self.BOMRef, Dependencies: &refs}}
	return writeFile(r.name(out, "postern-%s-linux-%s.cdx.json", r.version, arch), func(w io.Writer) error {
		return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
	})
}

func part(kind, name, version string, licences []string) cdx.Component {
	url := "pkg:" + kind + "/" + strings.Replace(name, "@", "%40", 1) + "@" + version
	return cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: name, Version: version, PackageURL: url, Licenses: spdx(licences)}
}

func spdx(ids []string) *cdx.Licenses {
	if len(ids) == 0 {
		return nil
	}
	all := cdx.Licenses{}
	for _, id := range ids {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	return &all
}

// serial is a name that is the same for the same content (RFC 9562, version 8).
func serial(of string) string {
	b := sha256.Sum256([]byte(of))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

var noticed = regexp.MustCompile(`(?m)^  (\S+) +([\w.+-]+(?:, [\w.+-]+)*)$`)

// licences are those of each part, from the list at the top of NOTICE.
func (r *release) licences() (map[string][]string, error) {
	text, err := os.ReadFile(r.at("NOTICE"))
	if err != nil {
		return nil, err
	}
	list, _, _ := strings.Cut(string(text), "\n====")
	found := map[string][]string{}
	for _, m := range noticed.FindAllStringSubmatch(list, -1) {
		found[m[1]] = strings.Split(m[2], ", ")
	}
	return found, nil
}

// vendored is what web/static/vendor was taken from, with versions.
func (r *release) vendored() (map[string]string, error) {
	text, err := os.ReadFile(r.at("web/static/vendor/vendor.json"))
	if err != nil {
		return nil, err
	}
	var files []struct{ Package, Version string }
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, fmt.Errorf("vendor.json: %w", err)
	}
	versions := map[string]string{}
	for _, f := range files {
		versions[f.Package] = f.Version
	}
	return versions, nil
}
