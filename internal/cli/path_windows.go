package cli

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// withoutBlanks returns the path of a program with its folder's short name (C:\PROGRA~1), if that has blanks: the SDKs
// do not agree on quotes in a credential_process line. Without a short name the path stays as it is.
func withoutBlanks(path string) string {
	folder := filepath.Dir(path)
	if !strings.Contains(folder, " ") {
		return path
	}
	long, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return path
	}
	short := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetShortPathName(long, &short[0], uint32(len(short)))
	if err != nil || int(n) > len(short) {
		return path
	}
	return filepath.Join(windows.UTF16ToString(short[:n]), filepath.Base(path))
}
