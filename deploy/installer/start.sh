# shellcheck shell=bash disable=SC2154
# Starting what was installed, checking it, and going back where it does not work.

broker_tool() { "$prefix/releases/$version/openclaw-broker" "$@" --env "$(env_of broker)"; }
database() { first "$(variable "$(env_of broker)" BROKER_DB)" /var/lib/openclaw-broker/broker.db; }

start_broker() {
  local was=$1 db copy= gate said
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
    said=$(broker_tool --backup "$copy") || not_copied
    say "copy the database: $said"
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

not_copied() { # by the unit of before, if ours is in its place already
  if [ -e "$etc/python-openclaw-broker.service" ] && [ ! -e "$prefix/current" ]; then
    cp "$etc/python-openclaw-broker.service" "$units/openclaw-broker.service"
    systemctl daemon-reload
  fi
  systemctl start openclaw-broker.service || true
  die "the database could not be copied, so nothing was changed; what ran before runs again."
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

install_units_of() { # a release's folder: its units, as far as they are in use
  local unit
  for unit in "$1"/deploy/systemd/*.{service,timer}; do
    [ ! -e "$units/${unit##*/}" ] || cp "$unit" "$units/${unit##*/}"
  done
}

start_webhooks() {
  [ -e "$units/openclaw-webhooks.service" ] || return 0
  [ -z "$dry" ] || { say "start openclaw-webhooks"; return; }
  systemctl enable --quiet openclaw-webhooks.service
  systemctl restart openclaw-webhooks.service || die "openclaw-webhooks does not start: journalctl -u openclaw-webhooks"
  say "openclaw-webhooks runs; WEBHOOK_SECRET, which receivers need, is in $etc/webhooks.env"
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

install_without_systemd() {
  for component in "${components[@]}"; do
    [ "$component" = broker ] && [ -n "$(database)" ] && [ -z "$dry" ] && install -d -m 700 -o openclaw-broker -g openclaw-broker "$(dirname "$(database)")"
    [ -n "$dry" ] || install -d -m 700 -o "$(user_of "$component")" -g "$(user_of "$component")" "$(state_of "$component")"
    [ -n "$dry" ] || touch "$prefix/without-systemd-$component"
    say "this machine has no systemd: start $(program_of "$component") with: $prefix/current/deploy/start.sh $component"
  done
}
