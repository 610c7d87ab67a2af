#!/bin/sh
# Makes sure that everything the build and the tests need is installed, with the word `lint`, `tidy`, `coverage`,
# `valgrind` or `fuzz` also what that target of the Makefile needs:
# as root it installs what is missing with apt-get, otherwise it prints the one command that does and stops. Where nothing
# is missing it does nothing.
set -eu
packages='libsqlite3-dev sqlite3 libssl-dev libssl3 openssl libgit2-dev libmbedtls-dev libevent-dev
 libcurl4-openssl-dev libjansson-dev zlib1g-dev libzstd-dev libcmocka-dev git openssh-client curl procps'
case ${1:-} in
  lint) packages="$packages binutils groff-base clang-format shellcheck cppcheck" ;;
  tidy) packages="$packages clang-tidy" ;;
  coverage) packages="$packages gcovr" ;;
  valgrind) packages="$packages valgrind" ;;
  fuzz) packages="$packages clang libclang-rt-14-dev" ;;
esac
openssl_min=3.0.21 # earlier ones accept forged CMS AuthEnvelopedData (CVE-2026-34182)

missing=''
for p in $packages; do
  version=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$p" 2>/dev/null || echo absent)
  case $version in
    installed\ *) version=${version#installed } ;;
    *) missing="$missing $p"; continue ;;
  esac
  case $p in
    libssl3|libssl-dev|openssl) dpkg --compare-versions "$version" ge "$openssl_min" || missing="$missing $p" ;;
  esac
done
[ -n "$missing" ] || exit 0

command="apt-get update && apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -ne 0 ]; then
  echo "Some packages are missing or too old. Please run, as root:" >&2
  echo "  $command" >&2
  exit 1
fi
echo "installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! DEBIAN_FRONTEND=noninteractive sh -c "$command" >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "the packages could not be installed; please run, as root: $command" >&2
  exit 1
fi
