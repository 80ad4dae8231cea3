package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// explainPort says what to do when an address cannot be listened on.
func explainPort(err error) error {
	var op *net.OpError
	var address *net.AddrError
	switch {
	case !errors.As(err, &op):
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: another program, perhaps another gatehouse, listens there; stop it first, or choose another port", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: it is no address of this machine", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: ports below 1024 need the capability CAP_NET_BIND_SERVICE", err)
	case errors.As(err, &address):
		return fmt.Errorf("%w: expected HOST:PORT, such as 127.0.0.1:8088 or :8088", err)
	}
	return err
}
