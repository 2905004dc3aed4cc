#!/usr/bin/env bash
# Builds the release files: archives, Debian packages, the command line as a dotnet tool, a list of what is in them, and checksums.
set -euo pipefail

usage() {
  cat << 'TEXT'
Usage: deploy/publish.sh [--out DIR] [--rid RID]... [--programs DIR] [--version VERSION] [--programs-only]

  --out DIR        where the release files go (artifacts/release)
  --rid RID        linux-x64 or linux-arm64; again for another. Without: both, arm64 where its linker is there
  --programs DIR   where the built programs are kept, a folder a RID (artifacts/programs); what is there already is packed as it is
  --version V      another version in names and packages than that of Directory.Build.props
  --programs-only  build the programs and stop

Needed: the .NET SDK, gcc, zlib's headers, jq, dpkg-deb. For arm64 also gcc-aarch64-linux-gnu. It runs on x64.
TEXT
}

here="$(cd "$(dirname "$0")" && pwd)"
root="$(dirname "$here")"
out="$root/artifacts/release" programs="$root/artifacts/programs" version='' rids=() programs_only=''
while [ $# -gt 0 ]; do
  case "$1" in
    --out) out="$2"; shift 2 ;;
    --rid) rids+=("$2"); shift 2 ;;
    --programs) programs="$2"; shift 2 ;;
    --version) version="$2"; shift 2 ;;
    --programs-only) programs_only=1; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "publish.sh: don't know what to do with '$1'. See deploy/publish.sh --help." >&2; exit 64 ;;
  esac
done
[ "${#rids[@]}" -gt 0 ] || rids=(linux-x64 linux-arm64)
for rid in "${rids[@]}"; do
  case "$rid" in
    linux-x64 | linux-arm64) ;;
    *) echo "publish.sh: $rid is none of ours; linux-x64 and linux-arm64 are." >&2; exit 64 ;;
  esac
done
for tool in dotnet jq dpkg-deb gcc; do
  command -v "$tool" > /dev/null || { echo "publish.sh: $tool is missing. On Debian: apt-get install gcc zlib1g-dev jq dpkg" >&2; exit 69; }
done
mkdir -p "$out" "$programs"
out="$(cd "$out" && pwd)" programs="$(cd "$programs" && pwd)"
cd "$root"
given="$version"
version="${version:-$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)}"
# Every file bears the commit's date, so that the same commit makes the same archive.
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || stat -c %Y Directory.Build.props)}"
export SOURCE_DATE_EPOCH DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

say() { echo "$*"; }

# Runs a build, keeps quiet about it, and stops at its first error or warning.
build() { # what, command...
  local what="$1" log="$work/log"
  shift
  "$@" > "$log" 2>&1 || { cat "$log"; echo "publish.sh: $what does not build" >&2; exit 1; }
  if grep -q ' warning ' "$log"; then grep ' warning ' "$log"; echo "publish.sh: $what builds with warnings" >&2; exit 1; fi
}

can_link() { # rid
  [ "$1" = linux-x64 ] || command -v aarch64-linux-gnu-gcc > /dev/null
}

# The same paths in every clone, and no folder of this machine in a program.
common=(-c Release -p:ContinuousIntegrationBuild=true)
[ -z "$given" ] || common+=("-p:Version=$given")
restored=''

# Apart from the builds: locked mode checks the lock files' whole list of runtimes, so none is named here.
restore() {
  [ -z "$restored" ] || return 0
  build 'what the programs need' dotnet restore src/OpenClaw.Broker -p:PublishReadyToRun=true
  for project in Runner Bot Cli; do build "what OpenClaw.$project needs" dotnet restore "src/OpenClaw.$project"; done
  deploy/packaging/sbom "$version" > "$programs/sbom.json"
  restored=1
}

# .NET's native build hands clang's way of naming a target to the linker, which gcc takes for a mistake.
cross_linker() {
  printf '#!/bin/sh\nfor a; do shift; case "$a" in --target=*) ;; *) set -- "$@" "$a" ;; esac; done\nexec aarch64-linux-gnu-gcc "$@"\n' > "$work/linker"
  chmod +x "$work/linker"
  echo "$work/linker"
}

publish_programs() { # rid
  local rid="$1" to="$programs/$1" native=()
  [ ! -e "$to" ] || return 0
  restore
  [ "$rid" = linux-x64 ] || native=("-p:CppCompilerAndLinker=$(cross_linker)" -p:ObjCopyName=aarch64-linux-gnu-objcopy)
  mkdir -p "$work/$rid"
  # No debugging data: its identifiers differ from folder to folder, and nobody gets it.
  # SQLite stays a file beside the program: inside it would be unpacked into a folder at each new start. Composite would make
  # the runtime's own libraries anew, for 70 MB and five minutes more.
  build "the broker for $rid" dotnet publish src/OpenClaw.Broker "${common[@]}" -r "$rid" --no-restore --self-contained \
    -p:DebugType=none -p:PublishSingleFile=true -p:PublishReadyToRun=true -p:PublishReadyToRunComposite=false -o "$work/$rid/broker"
  install -m 755 "$work/$rid/broker/openclaw-broker" "$work/$rid/"
  install -m 644 "$work/$rid/broker/libe_sqlite3.so" "$work/$rid/"
  for project in Runner:openclaw-runner Bot:openclaw-bot Cli:clawctl; do
    build "${project#*:} for $rid" dotnet publish "src/OpenClaw.${project%:*}" "${common[@]}" -r "$rid" --no-restore "${native[@]}" -o "$work/$rid/out"
    install -m 755 "$work/$rid/out/${project#*:}" "$work/$rid/"
    rm -r "$work/$rid/out"
  done
  rm -r "$work/$rid/broker"
  mv "$work/$rid" "$to"
}

# Runner and command line for Windows and macOS, which need .NET's runtime there; and the command line as a dotnet tool.
publish_portable() {
  local to="$programs/portable"
  [ ! -e "$to" ] || return 0
  restore
  mkdir -p "$work/portable"
  for project in Runner Cli; do
    build "OpenClaw.$project, portable," dotnet publish "src/OpenClaw.$project" "${common[@]}" --no-restore -p:Portable=true -o "$work/portable"
  done
  rm -f "$work"/portable/*.pdb "$work"/portable/*.xml
  build 'the dotnet tool' dotnet pack src/OpenClaw.Cli "${common[@]}" --no-restore -p:Portable=true -o "$work/portable/tool"
  mv "$work/portable" "$to"
}

for rid in "${rids[@]}"; do
  if can_link "$rid"; then
    say "programs for $rid"
    publish_programs "$rid"
  else
    say "no $rid: its linker is missing (on Debian: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)"
  fi
done
[ -z "$programs_only" ] || exit 0
say 'portable programs'
publish_portable

# A folder that is packed: what every archive has beside its programs.
common_files() { # folder
  echo "$version" > "$1/VERSION"
  cp LICENSE README.md SECURITY.md CHANGELOG.md "$1/"
  cp -r docs "$1/docs"
  mkdir "$1/deploy"
  for part in systemd env.examples install.sh installer start.sh scripts; do
    [ ! -e "deploy/$part" ] || cp -r "deploy/$part" "$1/deploy/"
  done
}

# Sorted names, one date, nobody's ids and no umask: the same files make the same bytes.
pack() { # folder, archive
  tar -C "$work/pack" --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --mode='u+rw,go+r,go-w,a+X' -cf - "$1" | gzip -6n > "$out/$2"
  say "$2"
}

archives() { # rid
  local rid="$1" whole="openclaw-$version-$1" runner="openclaw-runner-$version-$1"
  mkdir -p "$work/pack/$whole" "$work/pack/$runner"
  cp "$programs/$rid"/* "$work/pack/$whole/"
  cp "$programs/$rid/openclaw-runner" "$programs/$rid/clawctl" "$work/pack/$runner/"
  for folder in "$whole" "$runner"; do
    common_files "$work/pack/$folder"
    pack "$folder" "$folder.tar.gz"
  done
}

portable() {
  local folder="openclaw-portable-$version"
  mkdir -p "$work/pack/$folder"
  cp -r "$programs/portable/." "$work/pack/$folder/"
  rm -r "$work/pack/$folder/tool"
  echo "$version" > "$work/pack/$folder/VERSION"
  cp LICENSE docs/runner.md docs/cli.md deploy/env.examples/runner.env.example "$work/pack/$folder/"
  pack "$folder" "$folder.tar.gz"
}

for rid in "${rids[@]}"; do
  [ -d "$programs/$rid" ] || continue
  archives "$rid"
  deploy/packaging/debs --programs "$programs/$rid" --rid "$rid" --version "$version" --out "$out"
done
portable
# A tool's package names its version within: under another one it is built, not renamed.
if [ -e "$programs/portable/tool/OpenClaw.Cli.$version.nupkg" ]; then
  cp "$programs/portable/tool/OpenClaw.Cli.$version.nupkg" "$out/"
  say "OpenClaw.Cli.$version.nupkg"
fi
jq --arg version "$version" '(.metadata.component, (.components[] | select(.type == "application"))).version = $version' \
  "$programs/sbom.json" > "$out/openclaw-$version.cdx.json"
say "openclaw-$version.cdx.json"
(
  cd "$out"
  find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
)
say "SHA256SUMS ($(wc -l < "$out/SHA256SUMS") files in $out)"
