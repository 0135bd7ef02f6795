package main

import (
	"bytes"
	"io"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// packImage does what the last stage of the Dockerfile says, and writes the image
// as an archive in the layout of the Open Container Initiative.
func (r *release) packImage(arch, program, out string) error {
	stage, err := lastStage(r.at("Dockerfile"))
	if err != nil {
		return err
	}
	config := v1.Config{WorkingDir: "/", Labels: r.labels()}
	var entries []entry
	for _, command := range stage.Commands {
		if c, ok := command.(*instructions.CopyCommand); ok {
			copied, err := r.copied(c, program)
			if err != nil {
				return err
			}
			entries = append(entries, copied...)
			continue
		}
		if err := describe(&config, command); err != nil {
			return err
		}
	}
	image, err := r.image(arch, config, withFolders(entries))
	if err != nil {
		return err
	}
	return r.writeImage(image, arch, r.name(out, "postern-%s-image-%s.tar", r.version, arch))
}

// labels say what the image is, by the names that are agreed on.
func (r *release) labels() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{prefix + "title": "Postern", prefix + "version": r.version, prefix + "revision": r.commit, prefix + "licenses": "Apache-2.0",
		prefix + "description": "Single sign-on between AWS IAM Identity Center and Atlassian apps"}
}

// withFolders adds the folders that the files are in, and takes the slash from the front.
func withFolders(entries []entry) []entry {
	there := map[string]bool{}
	for i := range entries {
		entries[i].name = strings.TrimPrefix(entries[i].name, "/")
		there[entries[i].name] = true
	}
	for _, e := range entries {
		for dir := path.Dir(strings.TrimSuffix(e.name, "/")); dir != "."; dir = path.Dir(dir) {
			if !there[dir+"/"] {
				there[dir+"/"] = true
				entries = append(entries, entry{name: dir + "/", mode: 0o755})
			}
		}
	}
	return entries
}

func (r *release) image(arch string, config v1.Config, entries []entry) (v1.Image, error) {
	var files bytes.Buffer
	if err := writeTar(&files, entries, r.time); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer,
		History: v1.History{Created: v1.Time{Time: r.time}, CreatedBy: "make release"}})
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created, file.Config = "linux", arch, v1.Time{Time: r.time}, config
	return mutate.ConfigFile(image, file)
}

func (r *release) writeImage(image v1.Image, arch, to string) error {
	folder, err := os.MkdirTemp("", "postern-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // its archive is what counts
	place, err := layout.Write(folder, mutate.IndexMediaType(empty.Index, types.OCIImageIndex))
	if err != nil {
		return err
	}
	err = place.AppendImage(image, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}),
		layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.tag()}))
	if err != nil {
		return err
	}
	entries, err := under(folder, "")
	if err != nil {
		return err
	}
	return writeFile(to, func(w io.Writer) error { return writeTar(w, withFolders(entries), r.time) })
}
