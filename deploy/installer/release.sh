# shellcheck shell=bash disable=SC2154
# The release: found, checked, and put beside those of before.

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
  # All that is here moves with the release: one link says which it is.
  for component in broker bot runner; do
    case " ${components[*]} " in *" $component "*) continue ;; esac
    if is_installed "$component" && [ "$(version_of "$prefix/current")" != "$version" ]; then components+=("$component"); fi
  done
  for component in "${components[@]}"; do
    [ -x "$here/$(program_of "$component")" ] \
      || die "this release has no $(program_of "$component"), which is to run on this machine. Take the archive with all programs."
    "$here/$(program_of "$component")" --version > /dev/null || die "$(program_of "$component") of this release does not run on this machine ($(uname -m))."
  done
}

put_release() {
  local target="$prefix/releases/$version" complete=1 file
  while IFS= read -r file; do
    cmp -s "$here/$file" "$target/$file" || { complete=; break; }
  done < <(cd "$here" && find . -type f)
  if [ -n "$complete" ]; then
    [ -n "$dry" ] || rm -rf "$target.old" "$target.new" # of a run that was killed
    return 0
  fi
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
