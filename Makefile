# make help tells what can be done. B is where things are built: make B=build/clang CC=clang
B        ?= build
CC       ?= cc
CFLAGS   ?= -O2 -g
PREFIX   ?= /usr
SYSCONF  ?= /etc
UNITDIR  ?= /lib/systemd/system
SAN      ?=
# make V=1 shows the commands
V        ?=
Q         = $(if $(V),,@)
TELL      = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,echo)

STRICT    = -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wmissing-prototypes \
            -Wstrict-prototypes -Wswitch-enum -Wvla -Wformat=2 -Wpointer-arith -Wundef -Werror
HARDEN    = -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
PKGS      = libevent_core libevent_pthreads libcoap-3-notls libssl libcrypto sqlite3 jansson \
            libcbor inih expat libsystemd
# Until the packages are there ("make deps") only deps, help and clean can run.
PKG_FLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
ALL       = $(STRICT) -D_GNU_SOURCE -Iinclude -Isrc -I$(B)/gen -Itests -MMD -MP $(HARDEN) -pthread \
            $(PKG_FLAGS) $(CPPFLAGS) $(CFLAGS) $(SAN)
LINK      = -pie -Wl,-z,relro,-z,now -pthread $(SAN) $(LDFLAGS)

MAINS    := src/daemon/main.c src/ctl/main.c src/fleet/main.c
SRC      := $(filter-out $(MAINS),$(wildcard src/*/*.c))
OBJ      := $(SRC:%.c=$(B)/%.o)
PROGRAMS := $(B)/strapd $(B)/strapctl $(B)/strapfleet
UNIT     := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ     := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SEEDERS  := $(FUZZ:%=$(B)/seeds/%)
FUZZERS  := $(FUZZ:%=$(B)/fuzz/%)
FAKES    := $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c))
SCENARIO := $(patsubst tests/scenario/%.c,$(B)/scenario/%,$(wildcard tests/scenario/run_*.c))
HELPERS  := $(B)/system/coapdevice-openssl $(B)/system/coapdevice-gnutls $(B)/system/unixpipe \
            $(B)/system/notified $(B)/system/hostile
BENCHES  := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))

all: $(PROGRAMS)	## build strapd, strapctl and strapfleet

$(B)/strapd: $(B)/src/daemon/main.o $(B)/libstrapd.a
$(B)/strapctl: $(B)/src/ctl/main.o $(B)/libstrapd.a
$(B)/strapfleet: $(B)/src/fleet/main.o $(B)/libstrapd.a
$(PROGRAMS):
	$(Q)$(TELL) "  LINK $@"; $(CC) $(LINK) -o $@ $^ $(PKG_LIBS)

$(B)/libstrapd.a: $(OBJ)
	$(Q)$(TELL) "  AR   $@"; rm -f $@; ar rcs $@ $^

$(B)/%.o: %.c | $(B)/gen/migrations.inc
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(ALL) -c -o $@ $<

# The migrations, as C strings: strapd needs no file of them at run time.
$(B)/gen/migrations.inc: schema/embed.sh $(wildcard schema/db/*.sql)
	@mkdir -p $(@D)
	sh schema/embed.sh schema/db > $@.tmp && mv $@.tmp $@

$(B)/unit/%: tests/unit/%.c $(B)/libstrapd.a
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(ALL) -o $@ $< $(B)/libstrapd.a $(LINK) $(PKG_LIBS) -lcmocka

# Fakes come before the archive, so that the real loop, clock and network stay out.
$(B)/scenario/%: tests/scenario/%.c $(FAKES) $(B)/libstrapd.a
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(ALL) -o $@ $< $(FAKES) $(B)/libstrapd.a $(LINK) $(PKG_LIBS)

$(B)/seeds/%: tests/fuzz/%.c tests/fuzz/driver.c $(B)/libstrapd.a
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(ALL) -o $@ $< tests/fuzz/driver.c $(B)/libstrapd.a $(LINK) $(PKG_LIBS)

$(B)/system/coapdevice-%: tests/system/coapdevice.c
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(STRICT) -Wno-conversion -D_GNU_SOURCE $(CFLAGS) $(SAN) -o $@ $< \
		$(shell pkg-config --cflags --libs libcoap-3-$* 2>/dev/null)

$(B)/system/%: tests/system/%.c
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(STRICT) -D_GNU_SOURCE $(CFLAGS) $(SAN) -o $@ $<

$(B)/bench/%: tests/bench/%.c $(B)/libstrapd.a
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(ALL) -o $@ $< $(B)/libstrapd.a $(LINK) $(PKG_LIBS)

check:	## install what is missing, then the lints and all tests: unit, scenario, seeds, system
	@tests/deps.sh
	@$(MAKE) --no-print-directory all lint tests

tests: all $(UNIT) $(SCENARIO) $(SEEDERS) $(HELPERS)
	@tests/run.sh $(B) all

quick: $(UNIT) $(SCENARIO) $(SEEDERS)	## the tests that need no socket: unit, scenario, fuzz seeds
	@tests/run.sh $(B) quick

system: all $(HELPERS)	## real binaries, real sockets, libcoap's own client
	@tests/run.sh $(B) system

lint:	## layers, fences, sizes, banned calls, headers that compile alone, scripts
	@tests/lint/layers.sh
	@tests/lint/fences.sh
	@tests/lint/sizes.sh
	@tests/lint/banned.sh
	@CC="$(CC)" tests/lint/headers.sh $(STRICT) -D_GNU_SOURCE -Iinclude -Isrc
	@tests/lint/scripts.sh
	@tests/lint/docs.sh
	@echo "lint: clean"

asan:	## all tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(MAKE) B=$(B)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer" \
		SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" tests

tsan:	## all tests under ThreadSanitizer
	$(MAKE) B=$(B)/tsan CFLAGS="-O1 -g -fno-omit-frame-pointer" SAN="-fsanitize=thread" tests

# Each target for FUZZ_SECONDS, from its seeds, with libFuzzer and the sanitizers.
FUZZ_SECONDS ?= 30
fuzz:	## run each fuzz target for FUZZ_SECONDS (30)
	$(MAKE) B=$(B)/fuzzing CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" \
		SAN="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" fuzzers
	@tests/fuzz/run.sh $(B)/fuzzing/fuzz $(FUZZ_SECONDS)
fuzzers: $(FUZZERS)
$(B)/fuzz/%: tests/fuzz/%.c $(B)/libstrapd.a
	@mkdir -p $(@D)
	$(Q)$(TELL) "  CC   $<"; $(CC) $(ALL) -fsanitize=fuzzer -o $@ $< $(B)/libstrapd.a $(LINK) $(PKG_LIBS)

bench: all $(BENCHES)	## figures as a table and as JSON (build/bench.json)
	@tests/bench/run.sh $(B)

interop: all $(HELPERS)	## strapd and strapfleet against software that is not ours; fetches it
	@tests/interop/run.sh $(B)

demo:	## the main job, start to end, with a throw-away daemon
	@tests/deps.sh
	@$(MAKE) --no-print-directory -s B=$(B) all
	@tests/demo.sh $(B)

deps:	## install what is missing of Debian's packages
	@tests/deps.sh

install: all	## install below DESTDIR, PREFIX (/usr) and SYSCONF (/etc)
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/strapd/objects
	install -m 755 $(B)/strapd $(DESTDIR)$(PREFIX)/sbin/strapd
	install -m 755 $(B)/strapctl $(B)/strapfleet $(DESTDIR)$(PREFIX)/bin/
	install -m 644 etc/objects/*.json $(DESTDIR)$(PREFIX)/share/strapd/objects/
	install -d $(DESTDIR)$(SYSCONF)/strapd/objects
	test -e $(DESTDIR)$(SYSCONF)/strapd/strapd.conf || \
		install -m 640 etc/strapd.conf $(DESTDIR)$(SYSCONF)/strapd/strapd.conf
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(PREFIX)/lib/sysusers.d
	install -m 644 systemd/strapd.service $(DESTDIR)$(UNITDIR)/
	install -m 644 systemd/strapd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/strapd.conf
	for page in docs/man/*.[158]; do section=$${page##*.}; \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$$section/$${page##*/}; done

format:	## clang-format over all sources
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:	## remove what was built
	rm -rf $(B)

help:	## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: all check tests quick system lint asan tsan fuzz fuzzers bench interop demo deps install format clean help
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
