# A thin front for Meson. `make demo` and `make check` work on a fresh Debian 12.
SECONDS = 3600
FUZZ = 0
SEED = 1

.PHONY: all demo check bench fuzz install clean

# The program, at build/wormwood.
all: build/build.ninja
	@ninja -C build >build/compile.log || { tail -30 build/compile.log; exit 1; }

# Again when the list of packages has changed.
build/build.ninja: tools/setup
	@tools/setup build
	@echo 'building build/wormwood'
	@said=$$(meson setup build 2>&1) || { echo "$$said" | tail -30; exit 1; }
	@touch build/build.ninja

# The main job on a capture of an outbreak that never was.
demo: all
	@tools/demo $(SEED)

# Every test; ends with 'N passed, N failed'. FUZZ=n fuzzes for n seconds too.
check:
	@tools/setup check
	@tools/check --fuzz $(FUZZ)

# CPU time and memory beside a loop that only counts packets.
bench:
	@tools/setup check
	@$(MAKE) --no-print-directory all
	@[ -x build/bench/count-pcap ] || { meson setup --reconfigure build && ninja -C build; } >/dev/null
	@bench/run

# All fuzzers share SECONDS.
fuzz:
	@tools/setup check
	@tools/fuzz $(SECONDS)

install: all
	@meson install -C build

clean:
	@rm -rf build build-asan demo
