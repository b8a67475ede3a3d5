#!/bin/sh
# Runs a command as an instance of a service, with nothing but curl: register.sh SERVICE PORT COMMAND…
# It renews while the command lives; on SIGTERM it drains, waits until no resolver can still hold the address, stops the command
# and deregisters. Where muster is installed, `muster run --as SERVICE --port PORT -- COMMAND…` does the same and more.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 SERVICE PORT COMMAND…" >&2; exit 2; }
service=$1 port=$2
shift 2
generation=$(date +%s)000
instance=$(uname -n)-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')  # process ids are alike in all containers of a host
url=${MUSTER_SERVER:-http://127.0.0.1:8053}/api/v1/services/$service/instances/$instance
body="{\"addresses\":[\"auto\"],\"port\":$port}"

ask() {  # METHOD URL [BODY]; the token is no argument, which everybody could see
  if [ -n "${MUSTER_TOKEN_FILE:-}" ]; then
    printf 'Authorization: Bearer %s\n' "$(head -n 1 "$MUSTER_TOKEN_FILE")"
  fi | curl -sS --fail-with-body --noproxy '*' -m 5 -X "$1" "$2" -H 'Content-Type: application/json' -H @- ${3:+-d "$3"}
}
number() {  # NAME, of the JSON on standard input
  sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

"$@" &
child=$!
leave() {
  trap '' TERM INT
  if reply=$(ask POST "$url/drain" '{"reason":"stopping"}'); then pause=$(echo "$reply" | number safe_stop_in_ms); else pause=5000; fi
  sleep $(((${pause:-0} + 999) / 1000))
  kill "$child" 2>/dev/null || true
  wait "$child" && status=0 || status=$?
  ask DELETE "$url?generation=$generation" >/dev/null || true
  exit "$status"
}
trap leave TERM INT

said=
while kill -0 "$child" 2>/dev/null; do
  if reply=$(ask POST "$url/heartbeat" "{\"generation\":$generation,\"instance\":$body}" 2>/dev/null); then said=; else
    [ -n "$said" ] || echo "muster: $service/$instance is not registered: ${reply:-no answer from $url}" >&2
    said=1
  fi
  next=$(echo "$reply" | number heartbeat_in_ms)
  # The sleep is waited for in the background, so that a signal is not.
  sleep $(((${next:-2000} + 999) / 1000)) &
  wait $! || true
done
leave
