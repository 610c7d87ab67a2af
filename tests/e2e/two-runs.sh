#!/usr/bin/env bash
# The set-up: where nothing is missing it does and says nothing; as root it installs what is missing with one command,
# otherwise it prints that command and stops. Played with stand-ins for dpkg-query, apt-get and id.
. "$(dirname "$0")/lib.sh"
mkdir "$work/bin"
stand_in() { printf '#!/bin/sh\n%s\n' "$2" > "$work/bin/$1" && chmod +x "$work/bin/$1"; }
# What apt-get is asked to do is written down, and then the packages are there.
stand_in apt-get "echo \"\$*\" >> '$work/asked'; case \"\$1\" in install) [ ! -e '$work/broken' ] || { echo no network; exit 100; }; : > '$work/missing'; esac"
stand_in id 'echo "${AS_UID:-0}"'
# dpkg-query -W -f FORMAT PACKAGE
stand_in dpkg-query "for p; do :; done
grep -qx \"\$p\" '$work/missing' && exit 1
case \$p in libssl3 | libssl-dev | openssl) echo \"installed \$(cat '$work/openssl')\" ;; *) echo 'installed 1.0' ;; esac"
setup() { env PATH="$work/bin:$PATH" AS_UID="$1" sh tests/setup.sh "${@:2}"; }
silent() { # user id
  local status=0
  setup "$1" > "$work/said" 2>&1 || status=$?
  check "nothing is to be done: $(cat "$work/said")" test "$status" = 0
  check "and it says nothing" test ! -s "$work/said"
}
begin() { # missing packages, OpenSSL's version
  printf '%s\n' "$1" > "$work/missing"
  echo "$2" > "$work/openssl"
  rm -f "$work/asked" "$work/broken"
}

# ---- nothing is missing ----
begin '' 3.0.21-1~deb12u1
for user in 1000 0 1000 0; do silent "$user"; done
check "nothing is installed" test ! -e "$work/asked"

# ---- a user who is not root ----
begin libevent-dev 3.0.21-1~deb12u1
expect 1 'apt-get install .* libevent-dev$' setup 1000
check "it is one command" test "$(grep -c apt-get "$work/said")" = 1
check "for what is missing, and nothing else" test "$(grep -o 'install-recommends.*' "$work/said")" = 'install-recommends libevent-dev'
check "nothing is installed" test ! -e "$work/asked"

# ---- root ----
expect 0 '^installing libevent-dev$' setup 0
check "one update, one installation" test "$(wc -l < "$work/asked")" = 2
rm "$work/asked"
silent 0
check "the second time nothing is installed" test ! -e "$work/asked"

# ---- an OpenSSL that is too old counts as missing ----
begin '' 3.0.20-1~deb12u1
expect 1 'install-recommends libssl-dev libssl3 openssl$' setup 1000
begin '' 3.1.0-1
silent 1000

# ---- what only the house rules need is installed for them alone ----
begin shellcheck 3.0.21-1~deb12u1
silent 1000
expect 1 'install-recommends shellcheck$' setup 1000 lint
expect 0 '^installing shellcheck$' setup 0 lint

# ---- and without it they do not pass ----
mkdir "$work/few"
for tool in sh dirname mktemp rm tr awk readelf sqlite3 groff clang-format cppcheck; do
  ln -s "$(command -v "$tool" || command -v true)" "$work/few/$tool"
done
expect 2 '^lint: missing: shellcheck ; sh tests/setup.sh lint' env PATH="$work/few" sh tests/lint.sh

# ---- the installation fails ----
begin libevent-dev 3.0.21-1~deb12u1
touch "$work/broken"
expect 1 'no network' setup 0
check "and the command is named" grep -q 'as root: apt-get update && apt-get install .* libevent-dev$' "$work/said"

# ---- the real thing, where the tests run everything is there ----
expect 0 '' sh tests/setup.sh
check "the second run of the tests installs nothing" test ! -s "$work/said"
# The targets that people call begin with the set-up.
for target in demo test asan fuzz lint mutants; do
  make -n VERBOSE=1 "$target" > "$work/said" 2> /dev/null
  check "make $target begins with the set-up" test "$(head -n 1 "$work/said")" = 'sh tests/setup.sh'
done
done_with_all
