//go:build unix

package am

import "syscall"

// descriptors is how many files and connections the process may have open; 0: unknown, or so many that they do not matter.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<17 {
		return 0
	}
	return int(limit.Cur)
}
