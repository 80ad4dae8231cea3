//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package wire

import "net"

// quiet cannot look without reading here; a closed connection shows at its use.
func quiet(net.Conn) bool { return true }
