# shellcheck shell=bash disable=SC2154
# Back to the release before, and all of it away.

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
  for service in openclaw-broker openclaw-webhooks openclaw-discord-bot openclaw-runner; do
    systemctl is-active --quiet "$service.service" || continue
    systemctl restart "$service.service" || die "$service does not start on the old version: journalctl -u $service"
  done
}

uninstall() {
  echo "OpenClaw is removed"
  local unit program component
  if has_systemd; then
    for unit in openclaw-broker.socket openclaw-broker-backup.timer openclaw-{broker,webhooks,discord-bot,runner}.service; do
      [ -e "$units/$unit" ] && change "stop $unit" systemctl disable --quiet --now "$unit"
    done
  fi
  for unit in "$units"/openclaw-broker* "$units"/openclaw-webhooks* "$units"/openclaw-discord-bot* "$units"/openclaw-runner*; do
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
  local backups
  backups=$(variable "$(env_of broker)" BACKUP_DIR)
  [ -z "$backups" ] || [ ! -d "$backups" ] || say "kept: the backups in $backups"
  [ ! -e "$etc" ] || change "remove $etc" rm -rf "$etc"
}
