# make, make demo, make test are the three to know; README.md says what they show.
# MODE=release|debug|asan|fuzz|coverage are folders under build/.
MODE    ?= release
PREFIX  ?= /usr/local
V       := $(if $(VERBOSE),,@)
B       := build/$(MODE)
CC      ?= cc

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wwrite-strings \
           -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers -Wformat=2
FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
FLAGS_debug   := -O0 -g -Werror -DCAIRN_TEST_BUILD
FLAGS_asan    := -O1 -g1 -Werror -DCAIRN_TEST_BUILD -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_fuzz    := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
FLAGS_coverage:= -O0 -g -DCAIRN_TEST_BUILD --coverage -fprofile-update=atomic
LINK_release  := -pie -Wl,-z,relro,-z,now
LINK_asan     := -no-pie # a program of the tests starts a sixth faster
LINK_fuzz     := -fsanitize=fuzzer
ifeq ($(MODE),fuzz)
CC      := clang
endif
CFLAGS_ALL := -std=c17 -D_GNU_SOURCE -I. -I$(B)/gen $(WARN) $(FLAGS_$(MODE)) $(CFLAGS)
LDFLAGS_ALL := $(FLAGS_$(MODE)) $(LINK_$(MODE)) -Wl,--as-needed $(LDFLAGS)
LIBS    := -lsqlite3 -lcurl -levent_openssl -levent -lssl -lcrypto -lgit2 -lmbedx509 -lmbedcrypto -ljansson -lzstd -lz -lm

LIB_SRC := $(wildcard core/*.c core/domain/*.c sync/*.c audit/*.c)
CLI_SRC := $(wildcard cli/*.c)
MAINS   := cli/cairn.c cli/cairnd.c cli/audit.c
TEST_LIB:= $(wildcard tests/lib/*.c)
UNIT    := $(patsubst tests/unit/%.c,$(B)/%,$(wildcard tests/unit/test_*.c))
ATTACKS := $(patsubst tests/attacks/%.c,$(B)/%,$(wildcard tests/attacks/attack_*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH   := $(patsubst tests/bench/%.c,$(B)/%,$(wildcard tests/bench/bench_*.c))
E2E     := $(patsubst tests/e2e/%.c,$(B)/%,$(wildcard tests/e2e/*.c))
BENCH_LIB:= $(filter-out tests/bench/bench_%.c,$(wildcard tests/bench/*.c))
SIM     := $(B)/sim
PROGRAMS:= $(B)/cairn $(B)/cairnd $(B)/cairn-audit
# Unless make itself was given -j.
JOBS     = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
obj      = $(patsubst %.c,$(B)/%.o,$(1))
ALL_SRC := $(LIB_SRC) $(CLI_SRC) $(TEST_LIB) $(wildcard tests/unit/*.c tests/sim/*.c tests/attacks/*.c tests/fuzz/*.c tests/bench/*.c tests/e2e/*.c)

all: $(PROGRAMS)

$(B)/cairn: $(call obj,cli/cairn.c) $(B)/libcli.a $(B)/libcairn.a
$(B)/cairnd: $(call obj,cli/cairnd.c) $(B)/libcli.a $(B)/libcairn.a
$(B)/cairn-audit: $(call obj,cli/audit.c) $(B)/libcli.a $(B)/libcairn.a
$(PROGRAMS):
	$(V)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)
$(E2E): $(B)/%: $(B)/tests/e2e/%.o $(B)/libtest.a $(B)/libcli.a $(B)/libcairn.a
	$(V)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)
$(B)/libcairn.a: $(call obj,$(LIB_SRC)) $(B)/gen/schema.o $(B)/gen/profiles.o
$(B)/libcli.a: $(call obj,$(filter-out $(MAINS),$(CLI_SRC)))
$(B)/libtest.a: $(call obj,$(TEST_LIB))
$(B)/%.a:
	$(V)rm -f $@ && ar rcs $@ $^
$(UNIT): $(B)/%: $(B)/tests/unit/%.o $(B)/libtest.a $(B)/libcli.a $(B)/libcairn.a
	$(V)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcmocka
$(ATTACKS): $(B)/%: $(B)/tests/attacks/%.o $(B)/libtest.a $(B)/libcli.a $(B)/libcairn.a
	$(V)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcmocka
$(SIM): $(call obj,$(wildcard tests/sim/*.c)) $(B)/libtest.a $(B)/libcli.a $(B)/libcairn.a
	$(V)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)
# What many ledgers share is verified once (tests/lib/verified.c).
VERIFIED:= $(addprefix $(B)/,test_differential test_verify fuzz_ledger sim)
$(VERIFIED): LDFLAGS_ALL += -Wl,--wrap=vkey_verify -Wl,--wrap=vkey_verify_hash -Wl,--wrap=vkey_verify_any_s
$(VERIFIED): $(B)/tests/lib/verified.o
# And what several machines of one process are given (tests/lib/verified_key.c).
$(SIM): LDFLAGS_ALL += -Wl,--wrap=key_verify
$(SIM): $(B)/tests/lib/verified_key.o
# Of many more ledgers the curve's arithmetic is left to the faster library (tests/lib/curve.c).
CURVED  := $(addprefix $(B)/,test_differential fuzz_ledger test_verify_identity test_verify_conform test_verify_handover \
             test_verify_witness test_verify_state test_copy test_head sim)
$(CURVED): LDFLAGS_ALL += -Wl,--wrap=mbedtls_ecdsa_verify
$(CURVED): $(B)/tests/lib/curve.o
$(FUZZ): $(B)/%: $(B)/tests/fuzz/%.o $(if $(filter fuzz,$(MODE)),,$(B)/tests/fuzz/replay.o) $(B)/libtest.a $(B)/libcli.a $(B)/libcairn.a
	$(V)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)
$(B)/libbench.a: $(call obj,$(BENCH_LIB))
$(BENCH): $(B)/%: $(B)/tests/bench/%.o $(B)/libbench.a $(B)/libtest.a $(B)/libcli.a $(B)/libcairn.a
	$(V)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)
# Compiling the tests takes longer than their own code takes to run.
ifeq ($(MODE),asan)
$(B)/tests/%.o: CFLAGS_ALL += -O0
endif
$(B)/%.o: %.c
	$(V)mkdir -p $(@D) && $(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
# Text becomes C strings: the schema, and the profiles that come with the program.
as_c     = sed 's/\\/\\\\/g;s/"/\\"/g;s/^/"/;s/$$/\\n"/'
SCHEMA  := core/schema.sql $(wildcard core/domain/*.sql)
PROFILES:= $(wildcard core/domain/profiles/*.json)
$(B)/gen/schema.c: $(SCHEMA)
	$(V)mkdir -p $(@D) && { echo 'extern const char schema_sql[]; const char schema_sql[] ='; \
	  cat $^ | $(as_c); echo ';'; } > $@
$(B)/gen/profiles.c: $(PROFILES)
	$(V)mkdir -p $(@D) && { echo '#include "core/profile.h"'; echo 'const struct profile_file profile_files[] = {'; \
	  for f in $^; do echo "{\"$$(basename $$f .json)\","; $(as_c) $$f; echo '},'; done; echo '{0}};'; } > $@
$(B)/gen/%.o: $(B)/gen/%.c
	$(V)$(CC) $(CFLAGS_ALL) -c -o $@ $<
-include $(patsubst %.c,$(B)/%.d,$(ALL_SRC))

setup:
	$(V)sh tests/setup.sh
demo: setup
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=release all
	$(V)BIN=$(CURDIR)/build/release bash cli/demo.sh
test: setup
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=asan check
asan: test
check: $(PROGRAMS) $(E2E) $(SIM) $(UNIT) $(ATTACKS) $(FUZZ)
	$(V)BIN=$(CURDIR)/$(B) bash tests/run.sh
units: $(UNIT) $(ATTACKS)
# More of what make test does a little of (README.md).
soak: setup
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=asan $(addprefix build/asan/,cairn cairnd cairn-audit proxy test_power sim)
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=release $(addprefix build/release/,cairn cairnd cairn-audit crowd)
	$(V)POWER_STRIDE=1 build/asan/test_power
	$(V)build/asan/sim --seeds 1-$(or $(SEEDS),10000)
	$(V)BIN=$(CURDIR)/build/asan CUTS=1 bash tests/e2e/bad-line.sh
	$(V)BIN=$(CURDIR)/build/release EVERY=1 bash tests/e2e/crowd.sh
	$(V)BIN=$(CURDIR)/build/asan KILLS=$(or $(KILLS),1000) bash tests/e2e/kill.sh
bench: setup
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=release benches
	$(V)for b in $(notdir $(BENCH)); do build/release/$$b || exit 1; done
benches: $(BENCH)
mutants: setup
	$(V)bash tests/mutants.sh
fuzz: setup
	$(V)sh tests/setup.sh fuzz
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=fuzz fuzzers
	$(V)bash tests/fuzz/run.sh build/fuzz $(or $(SECONDS_EACH),60)
fuzzers: $(FUZZ)
# What part of the product's lines the tests run; tests/coverage.md explains the rest.
coverage: setup
	$(V)sh tests/setup.sh coverage
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=coverage check
	$(V)gcovr --root . --filter 'core/' --filter 'sync/' --filter 'audit/' --fail-under-line 90 --sort-percentage build/coverage
valgrind: setup
	$(V)sh tests/setup.sh valgrind
	$(V)$(MAKE) $(JOBS) --no-print-directory MODE=debug units
	$(V)bash tests/valgrind.sh build/debug
tidy: setup
	$(V)sh tests/setup.sh tidy
	$(V)printf '%s\n' $(LIB_SRC) $(CLI_SRC) | xargs -P "$$(nproc)" -I{} clang-tidy --quiet {} -- -std=c17 -D_GNU_SOURCE -I.
lint: setup
	$(V)sh tests/setup.sh lint
	$(V)sh tests/lint.sh
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 cli/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
clean:
	rm -rf build
.PHONY: all setup demo test asan check units soak bench benches mutants fuzz fuzzers coverage valgrind tidy lint install clean
.SECONDARY:
