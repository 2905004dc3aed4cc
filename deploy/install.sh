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
components=() from= url= token_file= mode=install dry= socket= purge= yes=

die() { echo "install.sh: $*" >&2; exit 1; }
say() { echo "  $*"; }

while [ $# -gt 0 ]; do
  case $1 in
    broker | bot | runner) components+=("$1") ;;
    --from) from=${2:?--from needs a file}; shift ;;
    --url) url=${2:?--url needs an address}; shift ;;
    --token-file) token_file=${2:?--token-file needs a file}; shift ;;
    --socket) socket=1 ;;
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

# --- what each program is called --------------------------------------------------------------------------------------------

service_of() { case $1 in broker) echo openclaw-broker ;; bot) echo openclaw-discord-bot ;; runner) echo openclaw-runner ;; esac; }
program_of() { case $1 in bot) echo openclaw-bot ;; *) echo "openclaw-$1" ;; esac; }
user_of() { program_of "$1"; }
state_of() { echo "/var/lib/$(program_of "$1")"; }

# The file of variables: the Python system's where that is there, else ours.
env_of() {
  local python
  case $1 in broker) python=/opt/openclaw-broker/broker.env ;; bot) python=/opt/openclaw-discord-bot/bot.env ;; runner) python=/opt/openclaw-runner/runner.env ;; esac
  if [ ! -e "$etc/$1.env" ] && [ -e "$python" ]; then echo "$python"; else echo "$etc/$1.env"; fi
}

has_systemd() { [ -d /run/systemd/system ]; }
is_installed() { [ -e "$units/$(service_of "$1").service" ] || [ -e "$prefix/without-systemd-$1" ]; }
version_of() { basename "$(readlink -f "$1")"; }

# --- changes: each is printed, and made unless this is a dry run -------------------------------------------------------------

change() { # what it is, then the command
  say "$1"
  shift
  [ -n "$dry" ] || "$@"
}

# Writes standard input to a file, where that has other content. Mode, owner, file.
put() {
  local content
  content=$(cat; echo x)
  content=${content%x}
  if [ -e "$3" ] && [ "$(cat "$3"; echo x)" = "${content}x" ]; then return 0; fi
  change "write $3" put_now "$1" "$2" "$3" "$content"
}

put_now() {
  local temporary="$3.new.$$"
  install -D -m "$1" -o "${2%:*}" -g "${2#*:}" /dev/null "$temporary"
  printf '%s' "$4" > "$temporary"
  mv "$temporary" "$3"
}

link() { # target, link
  [ "$(readlink "$2" 2> /dev/null)" = "$1" ] || change "link $2 to $1" link_now "$1" "$2"
}

link_now() {
  ln -sfn "$1" "$2.new"
  mv -T "$2.new" "$2"
}

token() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

variable() { # file, name: its value there
  [ -e "$1" ] || return 0
  sed -n "s/^\(export \)\?$2=//p" "$1" | tail -1 | tr -d "\"'"
}

# --- the release ------------------------------------------------------------------------------------------------------------

find_release() {
  if [ -n "$from" ]; then
    [ -e "$from" ] || die "there is no $from. Name a release's archive."
    local sums="$(dirname "$from")/SHA256SUMS"
    if [ -e "$sums" ]; then
      (cd "$(dirname "$from")" && grep " \*\?$(basename "$from")\$" SHA256SUMS | sha256sum --quiet -c -) > /dev/null \
        || die "$from is not the file that $sums names. Fetch both again."
    else
      say "no SHA256SUMS beside $from: it is not checked"
    fi
    unpacked=$(mktemp -d)
    trap 'rm -rf "$unpacked"' EXIT
    tar -xzf "$from" -C "$unpacked" --strip-components=1
    here=$unpacked
  fi
  [ -e "$here/VERSION" ] || die "$here is no release. Unpack one, or make it with deploy/publish.sh, and run the install.sh in it."
  version=$(cat "$here/VERSION")
  for component in "${components[@]}"; do
    [ -x "$here/$(program_of "$component")" ] || die "this release has no $(program_of "$component"). Take the archive with all programs."
    "$here/$(program_of "$component")" --version > /dev/null || die "$(program_of "$component") of this release does not run on this machine ($(uname -m))."
  done
}

put_release() {
  local target="$prefix/releases/$version" complete=1 file
  while IFS= read -r file; do
    cmp -s "$here/$file" "$target/$file" || { complete=; break; }
  done < <(cd "$here" && find . -type f)
  [ -z "$complete" ] || return 0
  [ "$(readlink -f "$prefix/current" 2> /dev/null)" != "$target" ] || [ -n "$dry" ] || say "release $version is there with other files: they are replaced"
  change "put release $version into $target" put_release_now "$target"
}

put_release_now() { # a release that other components came from keeps what this archive lacks
  local next="$1.new"
  rm -rf "$next"
  mkdir -p "$prefix/releases"
  if [ -d "$1" ]; then cp -a "$1" "$next"; else mkdir "$next"; fi
  cp -a --remove-destination "$here/." "$next/"
  chown -R root:root "$next"
  chmod -R go-w "$next"
  chmod 755 "$next"
  rm -rf "$1.old"
  if [ -d "$1" ]; then mv "$1" "$1.old"; fi
  mv "$next" "$1"
  rm -rf "$1.old"
}

# --- configuration ----------------------------------------------------------------------------------------------------------

put_user() {
  local user
  user=$(user_of "$1")
  id "$user" > /dev/null 2>&1 || change "make the user $user" useradd --system --user-group --no-create-home --home-dir "$(state_of "$1")" --shell /usr/sbin/nologin "$user"
}

put_env() {
  local file broker_env
  file=$(env_of "$1")
  broker_env=$(env_of broker)
  if [ -e "$file" ]; then
    [ "$(stat -c %a:%U "$file")" = 600:root ] || change "let only root read $file" eval "chown root: '$file' && chmod 600 '$file'"
    return
  fi
  [ -d "$etc" ] || change "make $etc" install -d -m 755 "$etc"
  case $1 in
    broker)
      put 600 root:root "$file" <<TEXT
# The broker's variables. What there is beside these: $prefix/current/deploy/env.examples/broker.env.example
BOT_TOKEN=$(token)
WORKER_TOKEN=$(token)
ADMIN_TOKEN=$(token)
BROKER_DB=/var/lib/openclaw-broker/broker.db
# This machine alone. Over the tailnet: BROKER_HOST=tailscale
BROKER_HOST=127.0.0.1
BROKER_PORT=8000
TEXT
      ;;
    bot)
      put 600 root:root "$file" <<TEXT
# The bot's variables. What there is beside these: $prefix/current/deploy/env.examples/bot.env.example
DISCORD_TOKEN=
ALLOWED_USER_ID=
BROKER_URL=${url:-$(url_here "$broker_env")}
BOT_TOKEN=$(first "$(read_token_file)" "$(variable "$broker_env" BOT_TOKEN)")
BOT_STATE_DIR=/var/lib/openclaw-bot
TEXT
      ;;
    runner)
      put 600 root:root "$file" <<TEXT
# The runner's variables. What there is beside these: $prefix/current/deploy/env.examples/runner.env.example
BROKER_URL=${url:-$(url_here "$broker_env")}
WORKER_TOKEN=$(first "$(read_token_file)" "$(variable "$broker_env" WORKER_TOKEN)")
RUNNER_STATE_DIR=/var/lib/openclaw-runner
TEXT
      ;;
  esac
}

first() { if [ -n "$1" ]; then echo "$1"; else echo "$2"; fi; }
read_token_file() { [ -z "$token_file" ] || tr -d ' \n' < "$token_file"; }
url_here() { echo "http://127.0.0.1:$(first "$(variable "$1" BROKER_PORT)" 8000)"; }

# A bot whose token nobody has filled in yet is installed, but not started.
is_configured() {
  [ -n "$dry" ] || "$prefix/releases/$version/$(program_of "$1")" --check-config --env "$(env_of "$1")" > /dev/null 2>&1
}

check_config() {
  [ "$1" != bot ] || [ -n "$(variable "$(env_of bot)" DISCORD_TOKEN)" ] || return 0
  [ -n "$dry" ] && return
  "$prefix/releases/$version/$(program_of "$1")" --check-config --env "$(env_of "$1")" > /dev/null || die "mend $(env_of "$1"), then run this again; nothing runs differently yet."
}

put_units() {
  local service source
  service=$(service_of "$1")
  source="$prefix/releases/$version/deploy/systemd"
  [ -z "$dry" ] || source="$here/deploy/systemd"
  if [ -e "$units/$service.service" ] && grep -q "^ExecStart=.*python" "$units/$service.service"; then
    [ -e "$etc/python-$service.service" ] || change "keep the Python system's unit as $etc/python-$service.service" keep_now "$service"
  fi
  put 644 root:root "$units/$service.service" < "$source/$service.service"
  [ "$1" != bot ] || put 644 root:root "$units/openclaw-discord-bot@.service" < "$source/openclaw-discord-bot@.service"
  if [ "$1" = broker ]; then
    put 644 root:root "$units/openclaw-broker-backup.service" < "$source/openclaw-broker-backup.service"
    put 644 root:root "$units/openclaw-broker-backup.timer" < "$source/openclaw-broker-backup.timer"
    put_database_place
    if [ -n "$socket" ]; then
      sed "s/^ListenStream=.*/ListenStream=$(first "$(variable "$(env_of broker)" BROKER_HOST)" 127.0.0.1):$(first "$(variable "$(env_of broker)" BROKER_PORT)" 8000)/" \
        "$source/openclaw-broker.socket" | put 644 root:root "$units/openclaw-broker.socket"
      put 644 root:root "$units/openclaw-broker.service.d/socket.conf" < "$source/openclaw-broker.service.d/socket.conf"
    fi
  fi
}

keep_now() {
  install -d -m 755 "$etc"
  cp "$units/$1.service" "$etc/python-$1.service"
}

# A database beside the usual folder: the service must be allowed to write there.
put_database_place() {
  local folder unit
  folder=$(dirname "$(first "$(variable "$(env_of broker)" BROKER_DB)" /var/lib/openclaw-broker/broker.db)")
  case $folder/ in /var/lib/openclaw-broker/*) return ;; esac
  [ -z "$(find "$folder" -mindepth 1 -maxdepth 1 ! -name "$(basename "$(database)")*" ! -name backups 2> /dev/null)" ] \
    || die "BROKER_DB is in $folder, among other files, and the broker's user must own the folder. Move the database into a folder of its own."
  for unit in openclaw-broker openclaw-broker-backup; do
    printf '[Service]\nReadWritePaths=%s\n' "$folder" | put 644 root:root "$units/$unit.service.d/database.conf"
  done
}

# --- starting, checking, going back -----------------------------------------------------------------------------------------

broker_tool() { "$prefix/releases/$version/openclaw-broker" "$@" --env "$(env_of broker)"; }
database() { first "$(variable "$(env_of broker)" BROKER_DB)" /var/lib/openclaw-broker/broker.db; }

start_broker() {
  local was=$1 db copy= gate
  db=$(database)
  gate="$db.gate"
  if [ -n "$dry" ]; then
    say "stop the broker, copy its database, start $version, check it for 30 s, let all in; go back if it fails"
    return
  fi
  systemctl stop openclaw-broker.service 2> /dev/null || true
  if [ -e "$db" ]; then
    copy="$(dirname "$db")/backups/before-$version.db"
    install -d -m 700 "$(dirname "$copy")"
    rm -f "$copy"
    say "copy the database: $(broker_tool --backup "$copy")" || { systemctl start openclaw-broker.service; die "the database could not be copied; what ran before runs again."; }
  fi
  install -d -m 700 "$(dirname "$db")"
  chown -R openclaw-broker: "$(dirname "$db")"
  install -m 600 -o openclaw-broker -g openclaw-broker /dev/null "$gate"
  token > "$gate"
  link "releases/$version" "$prefix/current"
  systemctl daemon-reload
  if [ -n "$socket" ]; then systemctl enable --quiet --now openclaw-broker.socket; fi
  if systemctl start openclaw-broker.service 2> /dev/null && is_well; then
    rm -f "$gate"
    systemctl enable --quiet openclaw-broker.service
    systemctl enable --quiet --now openclaw-broker-backup.timer
    say "the broker $version is checked and answers everybody"
  else
    echo "install.sh: $version does not work. The last it said:" >&2
    journalctl -u openclaw-broker.service -n 8 --no-pager -o cat >&2 2> /dev/null || true
    go_back "$was" "$copy" "$gate"
  fi
}

is_well() {
  local end=$((SECONDS + 30)) said=
  while [ $SECONDS -lt $end ]; do
    if said=$(broker_tool --health 2>&1) && said=$(broker_tool --ping 2>&1); then return 0; fi
    systemctl is-failed --quiet openclaw-broker.service && return 1
    sleep 1
  done
  say "$said"
  return 1
}

go_back() { # the release before, the copy, the gate
  local db
  db=$(database)
  systemctl stop openclaw-broker.service 2> /dev/null || true
  systemctl reset-failed openclaw-broker.service 2> /dev/null || true
  if [ -n "$2" ]; then # nobody was answered since the copy was made
    rm -f "$db-wal" "$db-shm" "$db.lock"
    cp --preserve=all "$2" "$db.back"
    sync "$db.back"
    mv "$db.back" "$db"
  fi
  rm -f "$3"
  if [ -n "$1" ]; then
    link_now "$1" "$prefix/current"
    install_units_of "$prefix/$1"
  elif [ -e "$etc/python-openclaw-broker.service" ]; then
    cp "$etc/python-openclaw-broker.service" "$units/openclaw-broker.service"
    rm -f "$prefix/current"
    rm -rf "$units/openclaw-broker.service.d" "$units/openclaw-broker.socket"
    chown -R "$(sed -n 's/^User=//p' "$units/openclaw-broker.service" | head -1)": "$(dirname "$db")" 2> /dev/null || true
  else
    die "the broker does not start. Mend what the lines above say, then run this again; nothing was lost."
  fi
  systemctl daemon-reload
  systemctl start openclaw-broker.service || die "the version before does not start either: journalctl -u openclaw-broker"
  die "what ran before runs again, with all its jobs."
}

install_units_of() { # a release's folder
  local unit
  for unit in openclaw-broker.service openclaw-broker-backup.service openclaw-broker-backup.timer; do
    [ ! -e "$1/deploy/systemd/$unit" ] || cp "$1/deploy/systemd/$unit" "$units/$unit"
  done
}

start_other() {
  local service
  service=$(service_of "$1")
  if ! is_configured "$1"; then
    say "$service is installed, but not started: fill in $(env_of "$1"), then: systemctl enable --now $service"
    return
  fi
  [ -z "$dry" ] || { say "start $service"; return; }
  systemctl daemon-reload
  systemctl enable --quiet "$service.service"
  systemctl restart "$service.service" || die "$service does not start: journalctl -u $service"
  say "$service runs"
}

last_ping() {
  [ -z "$dry" ] || return 0
  local file
  file=$(env_of broker)
  if is_installed runner && systemctl is-active --quiet openclaw-runner.service; then
    BROKER_URL=$(url_here "$file") BOT_TOKEN=$(variable "$file" BOT_TOKEN) "$bin/clawctl" submit ping installed --wait > /dev/null \
      && say "ping installed -> pong: installed, done by the runner on this machine" && return
    die "the broker works, but the runner on this machine did not do a ping: journalctl -u openclaw-runner"
  fi
  say "$(broker_tool --ping)"
}

# --- without systemd --------------------------------------------------------------------------------------------------------

install_without_systemd() {
  for component in "${components[@]}"; do
    [ "$component" = broker ] && [ -n "$(database)" ] && [ -z "$dry" ] && install -d -m 700 -o openclaw-broker -g openclaw-broker "$(dirname "$(database)")"
    [ -n "$dry" ] || install -d -m 700 -o "$(user_of "$component")" -g "$(user_of "$component")" "$(state_of "$component")"
    [ -n "$dry" ] || touch "$prefix/without-systemd-$component"
    say "this machine has no systemd: start $(program_of "$component") with: $prefix/current/deploy/start.sh $component"
  done
}

# --- the three things it does -----------------------------------------------------------------------------------------------

install_all() {
  [ ${#components[@]} -gt 0 ] || { usage >&2; die "name what to install: broker, bot, runner"; }
  find_release
  echo "OpenClaw $version: ${components[*]}"
  local was= program changed=
  [ ! -e "$prefix/current" ] || was="releases/$(version_of "$prefix/current")"
  for component in "${components[@]}"; do put_user "$component"; done
  put_release
  for component in "${components[@]}"; do put_env "$component"; done
  for component in "${components[@]}"; do check_config "$component"; done
  local state_before
  state_before=$(running_state)
  if has_systemd; then for component in "${components[@]}"; do put_units "$component"; done; fi
  for program in $programs; do [ ! -e "$here/$program" ] || link "$prefix/current/$program" "$bin/$program"; done
  [ "$was" = "releases/$version" ] && [ "$state_before" = "$(running_state)" ] && all_run || changed=1
  if ! has_systemd; then
    link "releases/$version" "$prefix/current"
    install_without_systemd
    return
  fi
  if [ -z "$changed" ]; then
    say "all is as it should be"
    return
  fi
  case " ${components[*]} " in *" broker "*) start_broker "$was" ;; *) link "releases/$version" "$prefix/current" ;; esac
  [ -z "$was" ] || [ "$was" = "releases/$version" ] || [ -n "$dry" ] || echo "$was" > "$prefix/before"
  for component in "${components[@]}"; do [ "$component" = broker ] || start_other "$component"; done
  case " ${components[*]} " in *" broker "*) last_ping ;; esac
  restart_rest
  echo "Done. Look at it with: clawctl doctor"
}

# Units, variables and programs as they are on the disk.
running_state() {
  { cat "$units"/openclaw-*.service "$units"/openclaw-*.d/* "$units"/openclaw-*.socket "$etc"/*.env "$prefix/releases/$version/VERSION" 2> /dev/null || true; } | sha256sum
}

all_run() {
  for component in "${components[@]}"; do
    systemctl is-active --quiet "$(service_of "$component").service" || ! is_configured "$component" || return 1
  done
}

# What was not named but shares the release moves with it.
restart_rest() {
  [ -z "$dry" ] || return 0
  for component in bot runner; do
    case " ${components[*]} " in *" $component "*) continue ;; esac
    if systemctl is-active --quiet "$(service_of "$component").service" 2> /dev/null; then systemctl restart "$(service_of "$component").service"; fi
  done
}

rollback() {
  [ -e "$prefix/before" ] || die "there is no release before this one."
  local before
  before=$(cat "$prefix/before")
  [ -d "$prefix/$before" ] || die "$prefix/$before is gone. Install that version again."
  echo "OpenClaw $(version_of "$prefix/current") -> ${before#releases/}"
  change "go back to ${before#releases/}" rollback_now "$before"
}

rollback_now() {
  local service
  echo "releases/$(version_of "$prefix/current")" > "$prefix/before"
  link_now "$1" "$prefix/current"
  install_units_of "$prefix/$1"
  systemctl daemon-reload
  for service in openclaw-broker openclaw-discord-bot openclaw-runner; do
    if systemctl is-active --quiet "$service.service"; then systemctl restart "$service.service" || die "$service does not start on the old version: journalctl -u $service"; fi
  done
}

uninstall() {
  echo "OpenClaw is removed"
  local unit program component
  if has_systemd; then
    for unit in openclaw-broker.socket openclaw-broker-backup.timer openclaw-broker.service openclaw-discord-bot.service openclaw-runner.service; do
      [ -e "$units/$unit" ] && change "stop $unit" systemctl disable --quiet --now "$unit"
    done
  fi
  for unit in "$units"/openclaw-broker* "$units"/openclaw-discord-bot* "$units"/openclaw-runner*; do
    [ -e "$unit" ] && change "remove $unit" rm -rf "$unit"
  done
  if has_systemd && [ -z "$dry" ]; then systemctl daemon-reload; fi
  for program in $programs; do
    [ "$(readlink "$bin/$program" 2> /dev/null)" = "$prefix/current/$program" ] && change "remove $bin/$program" rm "$bin/$program"
  done
  [ -e "$prefix" ] && change "remove $prefix" rm -rf "$prefix"
  if [ -z "$purge" ]; then
    say "kept: $etc and /var/lib/openclaw-*. To remove these too: install.sh --uninstall --purge"
    return
  fi
  if [ -z "$yes" ] && [ -z "$dry" ]; then
    read -r -p "  All jobs, backups and tokens on this machine go. Type 'yes' to go on: " answer || true
    [ "$answer" = yes ] || die "kept: $etc and /var/lib/openclaw-*."
  fi
  for component in broker bot runner; do
    [ -e "$(state_of "$component")" ] && change "remove $(state_of "$component")" rm -rf "$(state_of "$component")"
    if id "$(user_of "$component")" > /dev/null 2>&1; then change "remove the user $(user_of "$component")" userdel "$(user_of "$component")"; fi
  done
  [ ! -e "$etc" ] || change "remove $etc" rm -rf "$etc"
}

[ "$(id -u)" = 0 ] || { [ -n "$dry" ] || exec sudo bash "${BASH_SOURCE[0]}" "${components[@]}" ${from:+--from "$from"} ${url:+--url "$url"} \
  ${token_file:+--token-file "$token_file"} ${socket:+--socket} ${purge:+--purge} ${yes:+--yes} $([ $mode = install ] || echo "--$mode"); }
[ -n "$dry" ] && echo "A dry run: nothing is changed."
case $mode in
  install) install_all ;;
  rollback) rollback ;;
  uninstall) uninstall ;;
esac
