package nodump

// Forbid does nothing: Windows writes dumps of other programs' crashes only where an administrator has asked for them.
func Forbid() *Limits { return &Limits{} }
