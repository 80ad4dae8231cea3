package login

import (
	"strconv"
	"strings"
	"testing"
)

// A device is registered with a picture, an address and a key that is typed; nothing else becomes a link.
func TestDeviceIsShown(t *testing.T) {
	d, ok := deviceOf("otpauth://totp/Example:demo?secret=ABCDEFGHIJ&issuer=Example&digits=6&period=30")
	if !ok {
		t.Fatal("the address is not taken")
	}
	if d.Secret != "ABCD EFGH IJ" || !strings.HasPrefix(string(d.Address), "otpauth://totp/") {
		t.Errorf("secret %q, address %q", d.Secret, d.Address)
	}
	// Three corners have the patterns that scanners look for: seven dark modules in the first row, one light behind them.
	dark := func(x, y int) bool {
		return strings.Contains(d.Path, "M"+strconv.Itoa(x+quietZone)+" "+strconv.Itoa(y+quietZone)+"h")
	}
	last := d.Size - 2*quietZone - 1
	for i := range 7 {
		if !dark(i, 0) || !dark(last-i, 0) || !dark(0, last-i) {
			t.Errorf("module %d of a corner is light", i)
		}
	}
	if dark(7, 0) || dark(last-7, 0) || dark(7, last) {
		t.Error("a corner has no light border")
	}
	for _, bad := range []string{"", "javascript:alert(1)", "https://example.com/?secret=A", "otpauth://evil/x?secret=A", "otpauth:totp", "otpauth://totp/" + strings.Repeat("x", 5000)} {
		if d, ok := deviceOf(bad); ok {
			t.Errorf("%.40q becomes %+v", bad, d.Address)
		}
	}
}
