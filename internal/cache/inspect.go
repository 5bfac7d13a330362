package cache

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// An Inspected is a file of a cache as it lies there.
type Inspected struct {
	Path     string
	Info     fs.FileInfo // of the file itself, not of what a link leads to
	Token    bool        // it has an access token
	Named    bool        // its name is of the form that the AWS CLI and SDKs give
	Damaged  error       // why it cannot be used, in the place of a token or of role credentials
	StartURL string      // of a token
	Region   string
	Ends     time.Time // of role credentials
}

// Inspect lists the files of the shared caches and of the state folder, and the folders themselves. Unlike all other
// reads it changes nothing, not even a mode.
func (s *Store) Inspect() (files, folders []Inspected) {
	token := filepath.Dir(s.TokenPath(identitycenter.SSOSession{}))
	for _, dir := range append(s.folders(), filepath.Dir(token), filepath.Dir(s.roleDir())) {
		info, err := os.Lstat(dir)
		if err != nil {
			continue
		}
		folders = append(folders, Inspected{Path: dir, Info: info})
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil || entry.IsDir() {
				continue
			}
			i := Inspected{Path: filepath.Join(dir, entry.Name()), Info: info}
			switch dir {
			case token:
				i.readToken()
			case s.roleDir():
				i.readRole()
			}
			files = append(files, i)
		}
	}
	return files, folders
}

func (i *Inspected) read() (object, bool) {
	i.Named = regexp.MustCompile(`^[0-9a-f]{40}\.json$`).MatchString(filepath.Base(i.Path))
	if filepath.Ext(i.Path) != ".json" || filepath.Base(i.Path)[0] == '.' {
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
		i.StartURL, i.Region = o.text("startUrl"), o.text("region")
	}
}

func (i *Inspected) readRole() {
	o, ok := i.read()
	if !ok || o.text("ProviderType") != providerSSO {
		return
	}
	c, err := credentialsOf(json.RawMessage(o.raw("Credentials")))
	i.Damaged, i.Ends = err, c.Expiration
}
