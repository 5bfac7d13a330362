package peak

import "os"

// KiB returns 0: Windows does not keep it for an ended process.
func KiB(*os.ProcessState) int64 { return 0 }
