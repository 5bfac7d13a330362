package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Folder returns the folder of the machine's files, as the system knows it: a person can change %ProgramData%.
func Folder() string {
	data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		data = `C:\ProgramData`
	}
	return filepath.Join(data, "rolecall")
}

// requireAdministrators returns an error if another than administrators and the system owns a file or its folder, or
// may write there. Anybody may make folders in %ProgramData%, so that the owner counts.
func requireAdministrators(path string) error {
	for _, p := range []string{path, filepath.Dir(path)} {
		if err := requireTheirs(p); err != nil {
			return err
		}
	}
	return nil
}

// requireOpened does nothing: nobody else can put another file into a folder that passed requireAdministrators.
func requireOpened(*os.File) error { return nil }

func openPlain(path string) (*os.File, error) { return os.Open(path) }

// writes are the rights that let somebody change a file or folder, or what is in it.
const writes = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | windows.FILE_WRITE_ATTRIBUTES |
	windows.FILE_WRITE_EA | 0x40 /* FILE_DELETE_CHILD */ | windows.DELETE | windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_WRITE |
	windows.GENERIC_ALL

func requireTheirs(path string) error {
	descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("cannot read the attributes of %s: %w", path, err)
	}
	return checkAccess(path, descriptor)
}

// checkAccess returns an error if a descriptor lets another than administrators and the system change what is at path.
func checkAccess(path string, descriptor *windows.SECURITY_DESCRIPTOR) error {
	owner, _, err := descriptor.Owner()
	if err != nil {
		return err
	}
	if !isAdministrative(owner) {
		return fmt.Errorf("%s is not owned by the administrators", path)
	}
	list, _, err := descriptor.DACL()
	if err != nil || list == nil {
		return errors.New("everyone can write to " + path)
	}
	for n := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, n, &entry); err != nil {
			return err
		}
		if entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || entry.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 {
			continue
		}
		who := (*windows.SID)(unsafe.Pointer(&entry.SidStart))
		if entry.Mask&writes != 0 && !isAdministrative(who) {
			return fmt.Errorf("%s can write to %s", nameOf(who), path)
		}
	}
	return nil
}

// isAdministrative reports whether a SID is of the administrators, the system, or the service that installs Windows.
func isAdministrative(who *windows.SID) bool {
	const installer = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	return who.IsWellKnown(windows.WinBuiltinAdministratorsSid) || who.IsWellKnown(windows.WinLocalSystemSid) ||
		who.String() == installer
}

func nameOf(who *windows.SID) string {
	if account, domain, _, err := who.LookupAccount(""); err == nil {
		return domain + `\` + account
	}
	return who.String()
}
