# Installs the packages of the lock file, and the lint tools beside them, when they are missing or stale. Sourced.

# A digest of everything that decides what must be installed.
packages_digest() {
  cat package-lock.json package.json tools/package.json packages/*/package.json apps/*/package.json e2e/package.json |
    cksum | tr -d ' '
}

install_node_packages() {
  mark="$root/node_modules/.holdfast-installed"
  wanted=$(packages_digest)
  if [ -f "$mark" ] && [ "$(cat "$mark")" = "$wanted" ]; then return 0; fi
  say "Set-up: installing npm packages (about a minute, once) ..."
  log="${TMPDIR:-/tmp}/holdfast-npm.$$.log"
  # npm itself stays on the machine's Node; the engine warnings it prints for that are harmless.
  if ! npm ci --no-audit --no-fund --loglevel=error >"$log" 2>&1 ||
    ! npm install --prefix tools --no-package-lock --no-audit --no-fund --loglevel=error >>"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    say "holdfast: npm could not install the packages; see above. Check that the npm registry can be reached."
    exit 1
  fi
  rm -f "$log"
  if [ ! -x "$root/node_modules/.bin/node" ]; then
    say "holdfast: no pinned Node for this platform ($(uname -s) $(uname -m)); Linux on x64 or arm64 is needed."
    exit 1
  fi
  printf '%s' "$wanted" >"$mark"
}
