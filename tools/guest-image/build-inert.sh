#!/bin/sh
# Builds a disk that does not boot, a real ext4 with files, unless it is there; prints its path. Needs no root.
#   sh tools/guest-image/build-inert.sh
# Changes the files of such a disk, as a day of work would, and checks the file system:
#   sh tools/guest-image/build-inert.sh change IMAGE ROUND
# Exit code 3: a program is missing; one line on the error stream says which.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
store=${HOLDFAST_GUEST_IMAGES:-$here/../../.holdfast/guest-image}
disk_mib=256
partition_bytes=1048576
PATH=$PATH:/usr/sbin:/sbin

for program in mke2fs debugfs e2fsck sfdisk openssl; do
  command -v "$program" >/dev/null 2>&1 || { printf '%s\n' "The inert disk cannot be built: $program is missing" >&2; exit 3; }
done

# bytes SEED KIBIBYTES: the same bytes for the same seed, which do not compress.
bytes() {
  head -c "$(($2 * 1024))" /dev/zero | openssl enc -aes-128-ctr -nosalt -K "$(printf '%032x' "$1")" -iv 0 2>/dev/null
}

# inside IMAGE: the name by which e2fsprogs opens the file system inside the image.
inside() { printf '%s?offset=%s' "$1" "$partition_bytes"; }

build() {
  recipe=$(sha256sum "$here/build-inert.sh" | cut -c1-16)
  image=$store/inert-$recipe.raw
  [ -e "$image" ] && { printf '%s\n' "$image"; return; }
  mkdir -p "$store"
  work=$(mktemp -d "$store/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM
  mkdir -p "$work/tree/etc" "$work/tree/srv/data" "$work/tree/var/log"
  echo inert >"$work/tree/etc/hostname"
  for number in $(seq 1 40); do bytes "$number" 512 >"$work/tree/srv/data/file-$number.bin"; done
  seq -f 'line %06g of a log that compresses well' 1 200000 >"$work/tree/var/log/app.log"
  (cd "$work/tree" && find . -type f ! -name MANIFEST | LC_ALL=C sort | xargs sha256sum) >"$work/MANIFEST"
  mv "$work/MANIFEST" "$work/tree/MANIFEST"
  disk=$work/disk.raw
  truncate -s "${disk_mib}M" "$disk"
  printf 'label: dos\nstart=2048, type=83\n' | sfdisk -q "$disk" >&2
  mke2fs -q -F -t ext4 -L data -b 4096 -E "offset=$partition_bytes,lazy_itable_init=0,lazy_journal_init=0" \
    -d "$work/tree" "$disk" "$((disk_mib - 2))M" >&2
  mv "$disk" "$image"
  find "$store" -maxdepth 1 -name 'inert-*.raw' ! -name "inert-$recipe.raw" -delete
  printf '%s\n' "$image"
}

change() {
  image=$1 round=$2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  bytes "$((1000 + round))" 768 >"$work/new.bin"
  bytes "$((2000 + round))" 512 >"$work/changed.bin"
  {
    printf 'rm /srv/data/file-%s.bin\n' "$round"
    printf 'write %s /srv/data/new-%s.bin\n' "$work/new.bin" "$round"
    printf 'rm /srv/data/file-%s.bin\n' "$((round + 20))"
    printf 'write %s /srv/data/file-%s.bin\n' "$work/changed.bin" "$((round + 20))"
  } >"$work/commands"
  debugfs -w -f "$work/commands" "$(inside "$image")" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  e2fsck -fn "$(inside "$image")" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

case ${1:-build} in
  build) build ;;
  change) change "${2:?usage: build-inert.sh change IMAGE ROUND}" "${3:?usage: build-inert.sh change IMAGE ROUND}" ;;
  *) printf '%s\n' "usage: build-inert.sh [build | change IMAGE ROUND]" >&2; exit 2 ;;
esac
