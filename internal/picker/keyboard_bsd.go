//go:build unix && !linux

package picker

// inputQueued is FIONREAD of sys/filio.h: _IOR('f', 127, int).
const inputQueued = 0x4004667f
