#!/bin/sh
# Sets the machine up as far as it must, then runs one task of tools/tasks with the pinned Node. Runs on plain sh, so
# that a machine with git, Node 20 and npm is enough to start.
#   sh tools/bootstrap/run.sh TASK [ARGUMENT ...]
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root"
say() { printf '%s\n' "$*" >&2; }

command -v node >/dev/null 2>&1 || { say "holdfast: Node is missing; install Node 20 or newer with npm and run this again."; exit 1; }
command -v npm >/dev/null 2>&1 || { say "holdfast: npm is missing; install it and run this again."; exit 1; }

. "$root/tools/bootstrap/packages.sh"
. "$root/tools/bootstrap/system.sh"

task=${1:?usage: run.sh TASK}
shift
install_node_packages
require_system_packages "$task"

PATH="$root/tools/node_modules/.bin:$root/node_modules/.bin:$PATH"
export PATH
# A task named a:b is in a-b.ts: some file systems have no colons in names.
exec node "$root/tools/tasks/$(printf %s "$task" | tr : -).ts" "$@"
