# A thin front for Meson. `make demo` and `make check` work on a fresh Debian 12.
.PHONY: all demo check bench fuzz install clean

all: build/wormwood

build/build.ninja:
	@tools/setup build
	@meson setup build >/dev/null

check:
	@tools/setup check
	@tools/check
