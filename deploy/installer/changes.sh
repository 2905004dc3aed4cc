# shellcheck shell=bash disable=SC2154
# What each program is called, and changes: each is printed, and made unless this is a dry run.

service_of() { case $1 in broker) echo openclaw-broker ;; bot) echo openclaw-discord-bot ;; runner) echo openclaw-runner ;; esac; }
program_of() { case $1 in bot) echo openclaw-bot ;; *) echo "openclaw-$1" ;; esac; }
user_of() { program_of "$1"; }
state_of() { echo "/var/lib/$(program_of "$1")"; }

# The file of variables: the Python system's where that is there, else ours.
env_of() {
  local python
  case $1 in
    broker) python=/opt/openclaw-broker/broker.env ;;
    bot) python=/opt/openclaw-discord-bot/bot.env ;;
    runner) python=/opt/openclaw-runner/runner.env ;;
  esac
  if [ ! -e "$etc/$1.env" ] && [ -e "$python" ]; then echo "$python"; else echo "$etc/$1.env"; fi
}

has_systemd() { [ -d /run/systemd/system ]; }
is_installed() { [ -e "$units/$(service_of "$1").service" ] || [ -e "$prefix/without-systemd-$1" ]; }
version_of() { basename "$(readlink -f "$1")"; }

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
  local temporary="$3.new" # the same in each run: one that was killed leaves nothing behind that the next does not use up
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
