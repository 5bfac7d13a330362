package imports

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // as the file's own tool derives its key
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/filesystem"
)

func leappPlaces(h Home) []string {
	return []string{filepath.Join(h.Folder, ".Leapp", "Leapp-lock.json")}
}

// ErrSealed means that Leapp's file was not written on this machine, or that its key is not known here.
var ErrSealed = errors.New("it is encrypted with a machine id that is another machine's, or cannot be read here")

// A leappFile is what is taken of Leapp's workspace. Its passwords are not read.
type leappFile struct {
	Integrations []struct {
		ID        string `json:"id"`
		Alias     string `json:"alias"`
		PortalURL string `json:"portalUrl"`
		Region    string `json:"region"`
	} `json:"_awsSsoIntegrations"`
	Sessions []leappSession `json:"_sessions"`
	Profiles []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"_profiles"`
	Region   string            `json:"_defaultRegion"`
	Pinned   []string          `json:"_pinned"`
	Segments []json.RawMessage `json:"_segments"`
	Folders  []json.RawMessage `json:"_folders"`
	Azure    []json.RawMessage `json:"_azureIntegrations"`
	IDPs     []json.RawMessage `json:"_idpUrls"`
}

type leappSession struct {
	ID          string `json:"sessionId"`
	Name        string `json:"sessionName"`
	Region      string `json:"region"`
	Type        string `json:"type"`
	RoleARN     string `json:"roleArn"`
	ProfileID   string `json:"profileId"`
	Integration string `json:"awsSsoConfigurationId"`
	Parent      string `json:"parentSessionId"`
	RoleSession string `json:"roleSessionName"`
}

func (b *builder) leapp(data []byte) (bool, error) {
	if data == nil {
		return false, nil
	}
	var f leappFile
	if err := b.leappFile(data, &f); err != nil {
		return true, err
	}
	var blocks []block
	for _, k := range f.Integrations {
		blocks = append(blocks, block{name: k.Alias, url: k.PortalURL, region: k.Region})
	}
	names, err := b.sessions(blocks)
	if err != nil {
		return true, err
	}
	l := &leapp{builder: b, file: f, sessions: map[string]string{}}
	for i, k := range f.Integrations {
		l.sessions[k.ID] = names[i]
	}
	if awsconfig.IsRegion(f.Region) {
		b.plan.Settings.Region = f.Region
	}
	l.profiles()
	for _, is := range []struct {
		what string
		n    int
	}{
		{"pinned sessions", len(f.Pinned)},
		{"segments", len(f.Segments)},
		{"folders", len(f.Folders)},
		{"Azure integrations", len(f.Azure)},
		{"identity providers", len(f.IDPs)},
	} {
		if is.n > 0 {
			b.left(is.what, 0, "they have no equivalent here")
		}
	}
	return true, nil
}

// leappFile reads the file: plain JSON if it was exported, else sealed with the machine's id.
func (b *builder) leappFile(data []byte, f *leappFile) error {
	text := bytes.TrimSpace(data)
	if !bytes.HasPrefix(text, []byte("{")) {
		plain, err := b.unseal(text)
		if err != nil {
			return &SealedError{b.file}
		}
		text = plain
	}
	if err := json.Unmarshal(text, f); err != nil {
		line, syntax := 0, (*json.SyntaxError)(nil)
		if errors.As(err, &syntax) {
			line = bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n")) + 1
		}
		return &FileError{b.file, line, strings.TrimPrefix(err.Error(), "json: ")}
	}
	return nil
}

// A SealedError is a file of Leapp's that cannot be read here.
type SealedError struct{ File string }

func (e *SealedError) Error() string { return e.File + ": " + ErrSealed.Error() }

// Unwrap returns ErrSealed.
func (e *SealedError) Unwrap() error { return ErrSealed }

// unseal opens text that Leapp sealed on this machine: its passphrase is the hash of the machine's id.
func (b *builder) unseal(text []byte) ([]byte, error) {
	for _, file := range b.home.MachineIDs {
		id, err := filesystem.Read(file, 4096)
		if err != nil {
			continue
		}
		first, _, _ := bytes.Cut(bytes.TrimSpace(id), []byte("\n"))
		sum := sha256.Sum256(bytes.ToLower(bytes.TrimSpace(first)))
		if plain, err := openCryptoJS(text, []byte(hex.EncodeToString(sum[:]))); err == nil {
			return plain, nil
		}
	}
	return nil, ErrSealed
}

// openCryptoJS opens what CryptoJS.AES.encrypt has made with a passphrase: "Salted__", eight bytes of salt, and
// AES-256-CBC, all in base64. Key and IV are those of OpenSSL's EVP_BytesToKey with MD5.
func openCryptoJS(text, passphrase []byte) ([]byte, error) {
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(data, text)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(data[:n], []byte("Salted__"))
	if !ok || len(rest) < 8+aes.BlockSize || len(rest)%aes.BlockSize != 8 {
		return nil, ErrSealed
	}
	salt, sealed := rest[:8], rest[8:]
	var key, last []byte
	for len(key) < 32+aes.BlockSize {
		sum := md5.Sum(append(append(last, passphrase...), salt...)) //nolint:gosec // see above
		last = sum[:]
		key = append(key, last...)
	}
	cipherOf, err := aes.NewCipher(key[:32])
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(cipherOf, key[32:32+aes.BlockSize]).CryptBlocks(plain, sealed)
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize || !json.Valid(plain[:len(plain)-padding]) {
		return nil, ErrSealed
	}
	return plain[:len(plain)-padding], nil
}
