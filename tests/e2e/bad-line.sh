#!/usr/bin/env bash
# A bad line between a machine and the node (tests/e2e/proxy.c): it is slow, silent for a while, repeats, breaks and changes
# bytes, and something else answers. What was recorded is accepted in the end, once; until then it is in the outbox, and
# cairn says what is wrong and ends with 3. A short sync is cut after its first and last bytes and some between them in each
# direction, with CUTS=n after every n-th. SEED=n draws the rest.
. "$(dirname "$0")/lib.sh"
seed=${SEED:-$(($(date +%s) % 30000))}
RANDOM=$seed
echo "SEED=$seed"
mkdir "$work/line"
node_init
node_start
"$BIN/proxy" "$work/line" "$node_port" &
until_true 10 test -s "$work/line/port"
proxy_port=$(cat "$work/line/port")
over() { echo "$*" > "$work/line/fault"; }
# The token names the line instead of the node.
t=$(token "$(agency social-work "Social Work Services")" "Morag Reid" practitioner)
over clean
as social-work join "${t/:$node_port:/:$proxy_port:}" > /dev/null
as social-work sync > /dev/null
join health health "Aileen Shah" practitioner
as social-work sync > /dev/null

: > "$work/shared"
record() { recorded social-work child add --name "$1" + involvement start --child @1 --agency "Aileen Shah's agency" >> "$work/shared"; }
unsent() { as social-work outbox --json | grep -c '"act"' || :; }
# sync_over FAULT…: what was recorded is sent, or is still to be sent.
failures=0
sync_over() {
  status=0
  over "$@"
  as social-work sync > "$work/said" 2>&1 || status=$?
  case $status in
  0) ;;
  3)
    failures=$((failures + 1))
    grep -Eq 'could not be reached|is not one of a Cairn node' "$work/said" || fail "over $*, unclear: $(cat "$work/said")"
    grep -Eq 'nothing is lost|look at|look whether|ask the (node.s )?administrator|sign-in' "$work/said" || fail "over $*, no remedy: $(cat "$work/said")"
    ;;
  *) fail "over $*, it ended with $status: $(cat "$work/said")" ;;
  esac
  checks=$((checks + 1))
}
# The next sync over a clean line brings all there.
mended() {
  check "it is still to be sent after: $*" test "$(unsent)" -gt 0
  sync_over clean
  check "a clean line does, after: $*" test "$status" = 0
  check "all is sent, after: $*" test "$(unsent)" = 0
}
seen() { tail -n 1 "$work/line/seen" | cut -d ' ' -f "$1"; }

# ---- cut after every byte ----
record "How long it is"
sync_over clean
until_true 10 test "$(wc -l < "$work/line/seen")" -ge 4
up=$(seen 1) down=$(seen 2)
check "a short sync was recorded: $up bytes up, $down down" test "$up" -gt 1000 -a "$down" -gt 1000
places() { # how many bytes
  local k
  [ -z "${CUTS:-}" ] || { seq 0 "$CUTS" "$1" && return; }
  for ((k = 0; k < 3; k++)); do echo "$k" $(($1 - k)); done
  for ((k = 0; k < 6; k++)); do echo $((3 + ($1 - 6) * k / 6 + RANDOM % (($1 - 6) / 6))); done
}
for way in up down; do
  total=$up
  [ "$way" = up ] || total=$down
  record "Cut on the way $way"
  for k in $(places "$total"); do
    sync_over "cut-$way" "$k"
    # What ends behind the last byte that counts has not been cut.
    [ "$status" = 3 ] || { [ "$k" -gt $((total - 400)) ] && record "Cut on the way $way, after $k"; } || fail "cut-$way $k went well"
  done
  mended "cuts on the way $way"
done
check "most were cut" test "$failures" -ge 18

# ---- broken otherwise ----
for fault in reset-up reset-down flip-up flip-down; do
  total=$up
  [ "${fault#*-}" = up ] || total=$down
  record "Over $fault"
  before=$failures
  # One of them may go well: the version in the head of the first record is a bit that nobody looks at.
  for _ in 1 2; do
    sync_over "$fault" $((RANDOM % (total - 300)))
    [ "$status" = 3 ] || record "Over $fault again"
  done
  check "it breaks over $fault" test "$failures" -gt "$before"
  mended "$fault"
done

# ---- slow ----
ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
# The fault, and how many milliseconds it costs at least.
for slow in "300 stall-up $((up / 2)) 300" "300 stall-down $((down / 2)) 300" "$((800 * up / 5000)) rate 5000" \
  "400 delay 100" "0 crumbs" "0 repeat" "0 seed $RANDOM" "0 seed $RANDOM"; do
  fault=${slow#* }
  record "Over $fault"
  start=$(ms)
  # shellcheck disable=SC2086
  sync_over $fault
  took=$(($(ms) - start))
  check "it goes well over $fault" test "$status" = 0
  check "it takes longer over $fault: $took ms" test "$took" -ge "${slow%% *}"
  check "all is sent over $fault" test "$(unsent)" = 0
done

# ---- something else answers ----
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1 -days 2 \
  -keyout "$work/line/portal.key" -out "$work/line/portal.pem" 2> /dev/null
record "Behind a portal"
sync_over page
check "a page is no node" test "$status" = 3
openssl s_server -accept 127.0.0.1:0 -key "$work/line/portal.key" -cert "$work/line/portal.pem" -tls1_3 -www \
  > "$work/line/portal.txt" 2>&1 &
until_true 10 grep -qs '^ACCEPT' "$work/line/portal.txt"
portal_port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$work/line/portal.txt" | head -n 1)
sync_over to "$portal_port"
check "nor is who has another certificate" test "$status" = 3
check "which is said" grep -q 'certificate' "$work/said"
node_stop
sync_over clean
check "nor is nobody" test "$status" = 3
node_start
mended "foreign answers"

# ---- the reckoning ----
as health sync > /dev/null
for r in social-work health; do
  expect 0 '"same-as-before": *true' as "$r" rebuild --json
  as "$r" list child --json | ids | sort > "$work/$r.list"
done
check "both have the same" cmp "$work/social-work.list" "$work/health.list"
check "which is all that was recorded, once" cmp "$work/health.list" <(sort "$work/shared")
check "all of it is accepted" test "$(as health list child --json | grep -c '"state": *"accepted"')" = "$(wc -l < "$work/shared")"
node_stop
done_with_all
