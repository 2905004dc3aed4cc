#!/usr/bin/env bash
# Starts a program in the background where there is no systemd (WSL), and again whenever it ends for a reason that may pass.
#   start.sh runner        with /etc/openclaw/runner.env, or RUNNER_ENV, as its own user if started by root
#   start.sh runner stop
set -euo pipefail
component=${1:-runner}
program=openclaw-$component
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
env_file=${RUNNER_ENV:-/etc/openclaw/$component.env}
[ -e "$env_file" ] || for old in "/opt/openclaw-$component/$component.env" "$HOME/.config/openclaw-$component/$component.env"; do
  [ ! -e "$old" ] || { env_file=$old; break; }
done
[ -r "$env_file" ] || { echo "start.sh: there is no $env_file. Make it with install.sh, or name yours: RUNNER_ENV=FILE." >&2; exit 1; }
logs=${RUNNER_LOG_DIR:-$([ "$(id -u)" = 0 ] && echo /var/log/$program || echo "$HOME/.local/state/$program")}
mkdir -p "$logs"
pid_file="$logs/$component.pid"

if [ "${2:-}" = stop ]; then
  [ -e "$pid_file" ] || { echo "$program does not run."; exit 0; }
  kill -TERM -- "-$(cat "$pid_file")" 2> /dev/null || true
  rm -f "$pid_file"
  echo "$program is stopped."
  exit 0
fi
if [ -e "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2> /dev/null; then echo "$program runs already (log: $logs/$component.log)."; exit 0; fi

# Root reads the variables; the program runs as its own user where there is one.
set -a
# shellcheck disable=SC1090
. "$env_file"
set +a
as=()
if [ "$(id -u)" = 0 ] && id "$program" > /dev/null 2>&1; then as=(setpriv --reuid "$program" --regid "$program" --clear-groups); fi
setsid bash -c '
  trap "kill -TERM \$child 2> /dev/null; wait \$child; exit 0" TERM
  while :; do
    "$@" & child=$!
    code=0; wait $child || code=$?
    case $code in 0 | 64 | 78) exit $code ;; esac
    sleep 5 & wait $!
  done' start "${as[@]}" "$folder/$program" >> "$logs/$component.log" 2>&1 < /dev/null &
echo $! > "$pid_file"
echo "$program is started; its log: $logs/$component.log"
