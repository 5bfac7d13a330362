// Package copies sends audit records to a place where the person who writes the log cannot change them. It knows how a
// system's log is reached, and never waits for long.
package copies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"time"
)

const (
	sendLimit    = 100 * time.Millisecond
	commandLimit = time.Second
	// priority is that of a line about security, for information (RFC 5424: facility 10, severity 6).
	priority = 10*8 + 6
)

// ErrNoSyslog means that this machine has no socket of a system log.
var ErrNoSyslog = errors.New("this machine has no syslog socket")

// Sockets returns where system logs listen: on Linux journald does so, too.
func Sockets() []string { return []string{"/dev/log", "/var/run/syslog", "/var/run/log"} }

// Syslog sends a line to the first of sockets that there is, in the form of RFC 3164.
func Syslog(sockets []string, line []byte, now time.Time, pid int) error {
	failed := ErrNoSyslog
	for _, path := range sockets {
		for _, network := range []string{"unixgram", "unix"} {
			conn, err := net.DialTimeout(network, path, sendLimit)
			if err != nil {
				continue
			}
			_ = conn.SetWriteDeadline(time.Now().Add(sendLimit))
			_, err = fmt.Fprintf(conn, "<%d>%s rolecall[%d]: %s\n", priority, now.Format(time.Stamp), pid,
				bytes.TrimSpace(line))
			conn.Close()
			if err == nil {
				return nil
			}
			failed = err
		}
	}
	return failed
}

// Command runs a program with the line on its stdin, and ends it after a second. around, when not nil, wraps its start.
func Command(argv []string, line []byte, around func(func() error) error) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), commandLimit,
		errors.New("it did not finish within a second"))
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(line)
	cmd.WaitDelay = commandLimit / 10 // its children may keep the pipe
	start := cmd.Start
	if around != nil {
		start = func() error { return around(cmd.Start) }
	}
	err := start()
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", argv[0], err)
	}
	return nil
}
