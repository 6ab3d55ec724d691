#!/bin/sh
# Makes sure that .tools/bin or the machine has Node 24.12 or newer. The Makefile puts .tools/bin first in PATH.
set -eu

cd "$(dirname "$0")/.."
PATH=$PWD/.tools/bin:$PATH

new_enough() {
  "$1" -e 'const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major > 24 || (major === 24 && minor >= 12) ? 0 : 1)' 2>/dev/null
}

fail() {
  echo "anamo needs Node 24.12 or newer: $1" >&2
  echo "Install it from https://nodejs.org or with your package manager, then run make again." >&2
  exit 1
}

if new_enough node; then exit 0; fi

# A .tools that came from another machine must not shadow the machine's own node.
rm -rf .tools/bin
command -v node >/dev/null || fail "there is no node on this machine"
command -v npm >/dev/null || fail "this machine has node $(node -v), and no npm to fetch a newer one with"
if new_enough node; then exit 0; fi

package=node-$(node -p 'process.platform + "-" + process.arch')
echo "this machine has node $(node -v); fetching Node 24 into .tools/ (once) …"
mkdir -p .tools
stage=.tools/fetch.$$
trap 'rm -rf "$stage"' EXIT
npm install --prefix "$stage" --no-save --no-package-lock --no-audit --no-fund --loglevel=error "$package@^24.12.0" \
  >/dev/null || fail "npm could not fetch $package@24"
new_enough "$stage/node_modules/$package/bin/node" || fail "the fetched $package@24 does not run on this machine"

rm -rf .tools/node
mv "$stage/node_modules/$package" .tools/node
mkdir -p .tools/bin
ln -sf ../node/bin/node .tools/bin/node
