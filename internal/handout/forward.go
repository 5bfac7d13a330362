package handout

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// forwarded is how many connections a forwarder passes on at a time; more wait.
	forwarded = 32
	// idleLimit ends a connection that the two ends have forgotten. The server ends idle ones sooner.
	idleLimit = 30 * time.Second
)

// Forward accepts connections, and passes their bytes on to those that dial makes, until ctx ends. It closes listener.
// failed is told when dial fails.
func Forward(
	ctx context.Context, listener net.Listener, dial func(ctx context.Context) (net.Conn, error), failed func(error),
) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	free := make(chan struct{}, forwarded)
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		in, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // such as too many open files
			time.Sleep(10 * time.Millisecond)
			<-free
			continue
		}
		all.Go(func() {
			defer func() { <-free }()
			if err := pass(ctx, in, dial); err != nil && ctx.Err() == nil {
				failed(err)
			}
		})
	}
}

func pass(ctx context.Context, in net.Conn, dial func(ctx context.Context) (net.Conn, error)) error {
	defer in.Close()
	out, err := dial(ctx)
	if err != nil {
		return err
	}
	defer out.Close()
	stop := context.AfterFunc(ctx, func() { _, _ = in.Close(), out.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { half(out, in) })
	both.Go(func() { half(in, out) })
	both.Wait()
	return nil
}

// half copies what from sends, and passes on its end.
func half(to, from net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		_ = from.SetReadDeadline(time.Now().Add(idleLimit))
		n, err := from.Read(buffer)
		if n > 0 {
			if _, writeError := to.Write(buffer[:n]); writeError != nil {
				err = writeError
			}
		}
		if err == nil {
			continue
		}
		if half, ok := to.(interface{ CloseWrite() error }); ok && errors.Is(err, io.EOF) {
			_ = half.CloseWrite()
			return
		}
		_ = to.Close()
		_ = from.Close()
		return
	}
}
