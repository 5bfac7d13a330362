//go:build unix

package peer

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"rolecall/internal/proof"
)

const nobody = 65534

// TestMain also plays the process at the other end: as the user in the variable, it connects, sends a byte, closes the
// connection in the way that is asked for, and waits until its stdin ends.
func TestMain(m *testing.M) {
	if asked := os.Getenv("PEER_TEST"); asked != "" {
		if err := playPeer(strings.Fields(asked)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func playPeer(asked []string) error {
	uid, err := strconv.Atoi(asked[0])
	if err == nil && uid != os.Getuid() {
		err = errors.Join(syscall.Setgid(uid), syscall.Setuid(uid))
	}
	if err != nil {
		return err
	}
	conn, err := net.Dial(asked[1], asked[2])
	if err != nil {
		return err
	}
	if _, err := conn.Write([]byte{1}); err != nil {
		return err
	}
	tcp := conn.(*net.TCPConn)
	switch asked[3] {
	case "holds":
	case "shuts":
		err = tcp.CloseWrite()
	case "closes":
		err = tcp.Close()
	case "resets":
		err = errors.Join(tcp.SetLinger(0), tcp.Close())
	}
	fmt.Println("done")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return err
}

// accepted returns our end of a connection that a process of uid made.
func accepted(t *testing.T, uid int, network, address, how string) net.Conn {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Skip("NOT RUN: ", err)
	}
	defer listener.Close()
	target := listener.Addr().String()
	dial := network
	if network == "tcp" { // a socket of IPv6 that is asked over IPv4
		dial, target = "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", // its end waits a second otherwise
		fmt.Sprintf("PEER_TEST=%d %s %s %s", uid, dial, target, how))
	input, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = input.Close(); _ = other.Wait() })
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if said, err := io.ReadAll(io.LimitReader(output, 5)); string(said) != "done\n" {
		t.Fatalf("the other end: %q, %v", said, err)
	}
	return conn
}

func TestTheOtherEnd(t *testing.T) {
	var stranger *StrangerError
	for _, network := range []struct{ network, address string }{
		{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"tcp", "[::]:0"},
	} {
		for how, unknown := range map[string]bool{"holds": false, "shuts": false, "closes": true, "resets": true} {
			for _, uid := range []int{os.Getuid(), nobody} {
				if uid != os.Getuid() && os.Getuid() != 0 {
					t.Log("NOT RUN: another user, as only root can become one")
					continue
				}
				conn := accepted(t, uid, network.network, network.address, how)
				err := Check(conn.LocalAddr(), conn.RemoteAddr())
				what := fmt.Sprintf("%s: uid %d %s: %v", network.network, uid, how, err)
				switch {
				case unknown:
					if !errors.Is(err, ErrUnknown) {
						t.Error(what)
					}
				case uid == os.Getuid():
					if err != nil {
						t.Error(what)
					}
				case !errors.As(err, &stranger) || stranger.User == "":
					t.Error(what)
				}
				proof.Note(t, "peers", 1, 1)
			}
		}
	}
}

// The same by lsof, as on macOS.
func TestTheOtherEndByLsof(t *testing.T) {
	program, err := exec.LookPath("lsof")
	if err != nil {
		t.Skip("NOT RUN: no lsof")
	}
	ask := func(uid int, how string) error {
		conn := accepted(t, uid, "tcp4", "127.0.0.1:0", how)
		here, _ := addressOf(conn.LocalAddr())
		there, _ := addressOf(conn.RemoteAddr())
		return askLsof(program, here, there)
	}
	if err := ask(os.Getuid(), "holds"); err != nil {
		t.Error(err)
	}
	if err := ask(os.Getuid(), "closes"); !errors.Is(err, ErrUnknown) {
		t.Error("closed: ", err)
	}
	var stranger *StrangerError
	if os.Getuid() != 0 {
		t.Log("NOT RUN: another user, as only root can become one")
	} else if err := ask(nobody, "holds"); !errors.As(err, &stranger) {
		t.Error("a stranger: ", err)
	}
}

func TestNoTCPAddress(t *testing.T) {
	other, _ := netip.ParseAddrPort("127.0.0.1:9")
	if err := Check(&net.UnixAddr{Name: "x", Net: "unix"}, net.TCPAddrFromAddrPort(other)); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if err := Check(net.TCPAddrFromAddrPort(other), net.TCPAddrFromAddrPort(other)); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}
