#!/usr/bin/env bash
# Installs, upgrades and removes OpenClaw on this machine. Run it from an unpacked release, or name one with --from.
set -euo pipefail

usage() {
  cat <<'TEXT'
install.sh: puts OpenClaw programs on this machine as services, and keeps them there.

  install.sh broker [bot] [runner]   install these, or bring them to this release's version
  install.sh --uninstall [--purge]   remove all but configuration and data; with --purge those too, after asking
  install.sh --rollback              go back to the release before this one

  --from FILE        a release's archive, checked against SHA256SUMS beside it; without it the release that this script is in
  --url URL          of a bot or runner: where the broker is
  --token-file FILE  of a bot or runner: the file with its token
  --webhooks         of the broker: also what delivers webhooks, as a service of its own
  --socket           of the broker: systemd listens for it, and no request is refused while it restarts
  --dry-run          print each change and make none
  --yes              ask nothing

Upgrading, the broker is stopped, its database copied, and the new version checked for up to 30 s while it answers nobody
else; if it fails, the old version comes back over the copy. A Python installation is taken over: its variables and its
database stay, its units are replaced (and come back if ours does not work).
TEXT
}

readonly prefix=/usr/local/lib/openclaw bin=/usr/local/bin etc=/etc/openclaw units=/etc/systemd/system
readonly programs="openclaw-broker openclaw-bot openclaw-runner clawctl"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
components=() from= url= token_file= mode=install dry= socket= webhooks= purge= yes=

die() { echo "install.sh: $*" >&2; exit 1; }
say() { echo "  $*"; }

while [ $# -gt 0 ]; do
  case $1 in
    broker | bot | runner) components+=("$1") ;;
    --from) from=${2:?--from needs a file}; shift ;;
    --url) url=${2:?--url needs an address}; shift ;;
    --token-file) token_file=${2:?--token-file needs a file}; shift ;;
    --socket) socket=1 ;;
    --webhooks) webhooks=1 ;;
    --dry-run) dry=1 ;;
    --uninstall) mode=uninstall ;;
    --purge) purge=1 ;;
    --rollback) mode=rollback ;;
    --yes) yes=1 ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; die "don't know what to do with '$1'" ;;
  esac
  shift
done

for part in changes release configuration start removal; do
  # shellcheck disable=SC1090
  . "$here/deploy/installer/$part.sh"
done

install_all() {
  [ ${#components[@]} -gt 0 ] || { usage >&2; die "name what to install: broker, bot, runner"; }
  find_release
  echo "OpenClaw $version: ${components[*]}"
  local was= program changed=
  [ ! -e "$prefix/current" ] || was="releases/$(version_of "$prefix/current")"
  for component in "${components[@]}"; do put_user "$component"; done
  put_release
  for component in "${components[@]}"; do
    put_env "$component"
    if [ "$component" = broker ]; then put_webhooks_env; else put_state "$component"; fi
  done
  for component in "${components[@]}"; do check_config "$component"; done
  local state_before
  state_before=$(running_state)
  if has_systemd; then for component in "${components[@]}"; do put_units "$component"; done; fi
  for program in $programs; do [ ! -e "$here/$program" ] || link "$prefix/current/$program" "$bin/$program"; done
  [ "$was" = "releases/$version" ] && [ "$state_before" = "$(running_state)" ] && all_run && [ ! -e "$(database).gate" ] || changed=1
  if ! has_systemd; then
    link "releases/$version" "$prefix/current"
    install_without_systemd
    return
  fi
  if [ -z "$changed" ]; then
    say "all is as it should be"
    return
  fi
  case " ${components[*]} " in *" broker "*) start_broker "$was"; start_webhooks ;; *) link "releases/$version" "$prefix/current" ;; esac
  [ -z "$was" ] || [ "$was" = "releases/$version" ] || [ -n "$dry" ] || echo "$was" > "$prefix/before"
  for component in "${components[@]}"; do [ "$component" = broker ] || start_other "$component"; done
  case " ${components[*]} " in *" broker "*) last_ping ;; esac
  echo "Done. Look at it with: clawctl doctor"
}

# Units, variables and programs as they are on the disk.
running_state() {
  { cat "$units"/openclaw-*.{service,socket} "$units"/openclaw-*.d/* "$etc"/*.env "$prefix/releases/$version/VERSION" 2> /dev/null || true; } | sha256sum
}

all_run() {
  for component in "${components[@]}"; do
    systemctl is-active --quiet "$(service_of "$component").service" || ! is_configured "$component" || return 1
  done
}

[ "$(id -u)" = 0 ] || { [ -n "$dry" ] || exec sudo bash "${BASH_SOURCE[0]}" "${components[@]}" ${from:+--from "$from"} ${url:+--url "$url"} \
  ${token_file:+--token-file "$token_file"} ${socket:+--socket} ${webhooks:+--webhooks} ${purge:+--purge} ${yes:+--yes} \
  $([ $mode = install ] || echo "--$mode"); }
[ -n "$dry" ] && echo "A dry run: nothing is changed."
case $mode in
  install) install_all ;;
  rollback) rollback ;;
  uninstall) uninstall ;;
esac
