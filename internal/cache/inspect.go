package cache

import (
	"crypto/sha1"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// An Inspected is a file of a cache as it lies there.
type Inspected struct {
	Path     string
	Info     fs.FileInfo // of the file itself, not of what a link leads to
	Token    bool        // it has an access token
	Secrets  bool        // it has a refresh token or a client secret
	Named    bool        // its name is of the form that the AWS CLI and SDKs give
	Damaged  error       // why it cannot be used, in the place of a token or of role credentials
	StartURL string      // of a token
	Region   string
	Ends     time.Time // of role credentials

	look func(*Inspected) // reads what matters in it
}

// Inspect lists the files of the shared caches and of the state folder, and the folders themselves. A link in the place
// of a folder is not followed. Unlike all other reads it changes nothing, not even a mode.
func (s *Store) Inspect() (files, folders []Inspected) {
	token := filepath.Dir(s.TokenPath(identitycenter.SSOSession{}))
	links := map[string]bool{} // ~/.aws itself may be one
	for _, dir := range append([]string{filepath.Dir(token), filepath.Dir(s.sharedRoles()), s.State}, s.folders()...) {
		if _, seen := links[dir]; seen {
			continue
		}
		info, err := os.Lstat(dir)
		if links[dir] = err != nil || filesystem.CheckFolder(dir) != nil || links[filepath.Dir(dir)]; links[dir] {
			continue
		}
		folders = append(folders, Inspected{Path: dir, Info: info})
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil || entry.IsDir() {
				continue
			}
			look := (*Inspected).ignore
			switch dir {
			case token:
				look = (*Inspected).readToken
			case s.sharedRoles(), s.ownRoles():
				look = (*Inspected).readRole
			}
			files = append(files, Inspected{Path: filepath.Join(dir, entry.Name()), Info: info, look: look})
		}
	}
	lookAt(files)
	return files, folders
}

// lookAt reads the files, and once more those that another tool may have been writing.
func lookAt(files []Inspected) {
	torn := false
	for n := range files {
		files[n].look(&files[n])
		torn = torn || files[n].Damaged != nil
	}
	if !torn {
		return
	}
	time.Sleep(tornReads * tornWait)
	for n := range files {
		if files[n].Damaged != nil {
			files[n].Damaged = nil
			files[n].look(&files[n])
		}
	}
}

func (i *Inspected) ignore() {}

func (i *Inspected) read() (object, bool) {
	name, isJSON := strings.CutSuffix(filepath.Base(i.Path), ".json")
	i.Named = isJSON && len(name) == 2*sha1.Size && strings.Trim(name, "0123456789abcdef") == ""
	if !isJSON || strings.HasPrefix(name, ".") {
		return nil, false
	}
	data, err := []byte(nil), error(&fs.PathError{Op: "read", Path: i.Path, Err: filesystem.ErrNoFile})
	if i.Info.Mode().IsRegular() {
		data, err = filesystem.Read(i.Path, filesystem.MaxSecretFile)
	}
	var o object
	if err == nil {
		o, err = parseObject(data)
	}
	if err != nil && i.Named {
		i.Damaged = err
	}
	return o, err == nil
}

func (i *Inspected) readToken() {
	if o, ok := i.read(); ok {
		i.Token = o.text("accessToken") != ""
		i.Secrets = i.Token && (o.text("refreshToken") != "" || o.text("clientSecret") != "")
		i.StartURL, i.Region = o.text("startUrl"), o.text("region")
	}
}

func (i *Inspected) readRole() {
	o, ok := i.read()
	if !ok || o.text("ProviderType") != providerSSO {
		return
	}
	c, err := credentialsOf(o.raw("Credentials"))
	i.Damaged, i.Ends = err, c.Expiration
}
