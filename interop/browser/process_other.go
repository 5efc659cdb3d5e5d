//go:build !unix

package browser

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }

func killGroup(int) {}
