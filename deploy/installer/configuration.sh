# shellcheck shell=bash disable=SC2154
# Users, variables and units.

put_user() {
  local user
  user=$(user_of "$1")
  id "$user" > /dev/null 2>&1 || change "make the user $user" \
    useradd --system --user-group --no-create-home --home-dir "$(state_of "$1")" --shell /usr/sbin/nologin "$user"
}

# What a runner that was enrolled by root has left there.
put_state() {
  local folder
  folder=$(state_of "$1")
  [ -d "$folder" ] && [ -n "$(find "$folder" ! -user "$(user_of "$1")" -print -quit 2> /dev/null)" ] || return 0
  change "give $folder to $(user_of "$1")" chown -R "$(user_of "$1"):" "$folder"
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

# What delivers webhooks has variables of its own, and a token that the broker knows.
put_webhooks_env() {
  local broker_env
  [ -n "$webhooks" ] || return 0
  broker_env=$(env_of broker)
  [ -n "$(variable "$broker_env" DELIVER_TOKEN)" ] || change "write DELIVER_TOKEN into $broker_env" add_deliver_token "$broker_env"
  [ ! -e "$etc/webhooks.env" ] || return 0
  put 600 root:root "$etc/webhooks.env" <<TEXT
# What delivers webhooks. What there is beside these: $prefix/current/deploy/env.examples/webhooks.env.example
BROKER_URL=$(url_here "$broker_env")
DELIVER_TOKEN=$(variable "$broker_env" DELIVER_TOKEN)
WEBHOOK_SECRET=whsec_$(head -c 32 /dev/urandom | base64)
TEXT
}

add_deliver_token() {
  [ -z "$(tail -c 1 "$1")" ] || echo >> "$1"
  echo "DELIVER_TOKEN=$(token)" >> "$1"
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
  "$prefix/releases/$version/$(program_of "$1")" --check-config --env "$(env_of "$1")" > /dev/null \
    || die "mend $(env_of "$1"), then run this again; nothing runs differently yet."
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
  [ "$1" != runner ] || put_own_commands "$source"
  if [ "$1" = broker ]; then
    put 644 root:root "$units/openclaw-broker-backup.service" < "$source/openclaw-broker-backup.service"
    put 644 root:root "$units/openclaw-broker-backup.timer" < "$source/openclaw-broker-backup.timer"
    [ ! -e "$etc/webhooks.env" ] || put 644 root:root "$units/openclaw-webhooks.service" < "$source/openclaw-webhooks.service"
    put_database_place
    put_backup_place
    if [ -n "$socket" ]; then
      sed "s/^ListenStream=.*/$(streams)/" "$source/openclaw-broker.socket" | put 644 root:root "$units/openclaw-broker.socket"
      put 644 root:root "$units/openclaw-broker.service.d/socket.conf" < "$source/openclaw-broker.service.d/socket.conf"
    fi
  fi
}

# Where systemd is to listen: loopback, and the address of the broker's variables.
streams() {
  local host port tailnet
  host=$(first "$(variable "$(env_of broker)" BROKER_HOST)" 127.0.0.1)
  port=$(first "$(variable "$(env_of broker)" BROKER_PORT)" 8000)
  if [ "$host" = tailscale ]; then
    tailnet=$(first "$(variable "$(env_of broker)" TAILSCALE_INTERFACE)" tailscale0)
    host=$(ip -4 -o address show dev "$tailnet" 2> /dev/null | sed -n 's/.* inet \([0-9.]*\).*/\1/p' | head -1)
    [ -n "$host" ] || die "$tailnet has no address, which --socket needs now. Bring the tailnet up (tailscale up), then run this again."
  fi
  case $host in
    127.0.0.1 | localhost) echo "ListenStream=127.0.0.1:$port" ;;
    0.0.0.0 | ::) echo "ListenStream=$port" ;;
    *:*) echo "ListenStream=127.0.0.1:$port\\nListenStream=[$host]:$port" ;;
    *) echo "ListenStream=127.0.0.1:$port\\nListenStream=$host:$port" ;;
  esac
}

keep_now() {
  install -d -m 755 "$etc"
  cp "$units/$1.service" "$etc/python-$1.service"
}

# A database outside of the usual folder: the services must be allowed to write there.
put_database_place() {
  local folder unit
  folder=$(dirname "$(database)")
  case $folder/ in /var/lib/openclaw-broker/*) folder= ;; esac
  [ -z "$folder" ] || [ -z "$(find "$folder" -mindepth 1 -maxdepth 1 ! -name "$(basename "$(database)")*" ! -name backups 2> /dev/null)" ] \
    || die "BROKER_DB is in $folder, among other files, and the broker's user must own the folder. Move the database into a folder of its own."
  for unit in openclaw-broker openclaw-broker-backup; do put_writable "$unit" database "$folder"; done
}

# Backups outside of the database's folder, likewise; the broker itself only looks when the newest was made.
put_backup_place() {
  local folder
  folder=$(variable "$(env_of broker)" BACKUP_DIR)
  case $folder/ in /var/lib/openclaw-broker/* | "$(dirname "$(database)")"/*) folder= ;; esac
  case $folder in /* | '') ;; *) die "BACKUP_DIR is '$folder'. Name the whole path, from / on." ;; esac
  [ -z "$folder" ] || [ -d "$folder" ] || change "make $folder for openclaw-broker" install -d -m 700 -o openclaw-broker -g openclaw-broker "$folder"
  [ -z "$folder" ] || [ -n "$dry" ] || runuser -u openclaw-broker -- test -w "$folder" \
    || die "BACKUP_DIR is $folder, where openclaw-broker can't write. Give it the folder: chown openclaw-broker: $folder"
  put_writable openclaw-broker-backup backups "$folder"
}

# Commands of one's own need what built-in ones don't.
put_own_commands() {
  if [ -n "$(variable "$(env_of runner)" RUNNER_CONFIG)" ]; then
    put 644 root:root "$units/openclaw-runner.service.d/own-commands.conf" < "$1/openclaw-runner.service.d/own-commands.conf"
  else
    take_away "$units/openclaw-runner.service.d/own-commands.conf"
  fi
}

put_writable() { # unit, the drop-in's name, a folder; without one, none is to be written
  local file="$units/$1.service.d/$2.conf"
  if [ -n "$3" ]; then
    printf '[Service]\nReadWritePaths=%s\n' "$3" | put 644 root:root "$file"
    return
  fi
  take_away "$file"
}

take_away() { # a drop-in, and its folder where that is empty then
  [ ! -e "$1" ] || change "remove $1" rm "$1"
  [ -n "$dry" ] || [ ! -d "${1%/*}" ] || rmdir --ignore-fail-on-non-empty "${1%/*}"
}
