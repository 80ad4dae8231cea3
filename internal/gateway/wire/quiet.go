//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package wire

import (
	"crypto/tls"
	"net"
	"syscall"
)

// quiet says whether nothing waits to be read on an idle connection. Anything that
// does means that it cannot be used: the end, a TLS alert that announces it, or a
// response that nobody asked for.
func quiet(nc net.Conn) bool {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	silent := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		silent = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	})
	return err == nil && silent
}
