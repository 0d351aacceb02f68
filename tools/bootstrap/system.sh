# Finds and installs the Debian packages that tests and demo use. Sourced.

# "command-or-file package what-is-lost-without-it" per line; a leading word names the tasks.
system_needs() {
  cat <<'NEEDS'
demo,test,e2e:debian /usr/bin/qemu-system-x86_64 qemu-system-x86 real guests
demo,test,e2e:debian /usr/share/seabios/bios-256k.bin seabios real guests
demo,test,e2e:debian /usr/bin/qemu-img qemu-utils qcow2 export and NBD cross-checks
demo,test,e2e:debian /usr/bin/mmdebstrap mmdebstrap the guest image
e2e:debian /usr/bin/extlinux extlinux the data set of e2e:debian
e2e:debian /usr/lib/syslinux/mbr/mbr.bin syslinux-common the data set of e2e:debian
demo,test,e2e:debian /usr/sbin/mke2fs e2fsprogs guest disks
demo,test,e2e:debian /usr/sbin/sfdisk fdisk guest disks
demo,test,e2e:debian /usr/bin/openssl openssl certificates in tests
test,torture /usr/bin/nbdfuse nbdfuse power cuts under a real file system
torture /usr/sbin/mke2fs e2fsprogs power cuts under a real file system
bench /usr/bin/time time the bench, wholly
bench /usr/bin/qemu-img qemu-utils qemu-img as a peer
bench /usr/bin/mmdebstrap mmdebstrap the newest restic and borg
test /usr/bin/linux.uml user-mode-linux folders on NFS and SMB shares
test /usr/sbin/modprobe kmod folders on NFS and SMB shares
test /usr/sbin/rpc.nfsd nfs-kernel-server folders on NFS shares
test /usr/sbin/mount.nfs nfs-common folders on NFS shares
test /usr/sbin/smbd samba folders on SMB shares
test /usr/sbin/mount.cifs cifs-utils folders on SMB shares
test /usr/bin/ceph-mon ceph-mon an S3 store of others
test /usr/bin/ceph-osd ceph-osd an S3 store of others
test /usr/bin/ceph-mgr ceph-mgr an S3 store of others
test /usr/bin/ceph ceph-common an S3 store of others
test /usr/bin/radosgw radosgw an S3 store of others
test,torture:runs /usr/lib/postgresql postgresql durable runs on PostgreSQL
test /usr/bin/pdftotext poppler-utils the text of PDF reports read back
test /usr/bin/az azure-cli the real Azure CLI as a client
test /usr/share/bash-completion/bash_completion bash-completion completion in a real bash
test /usr/lib/python3/dist-packages/cryptography python3-cryptography the reference reader of the format
NEEDS
}

require_system_packages() {
  wanted_task=$1
  missing=
  lost=
  while read -r tasks file package what; do
    case ",$tasks," in *",$wanted_task,"*) ;; *) continue ;; esac
    [ -e "$file" ] && continue
    missing="$missing $package"
    lost="${lost:+$lost, }$what"
  done <<NEEDS
$(system_needs)
NEEDS
  [ -n "$missing" ] || return 0
  missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
  install_system_packages "$missing" && return 0
  if [ "${CI:-}" = true ]; then
    say "holdfast: Debian packages are missing and could not be installed: $missing"
    exit 1
  fi
  say "Skipped without the Debian packages $missing: $lost. Install them with: apt-get install $missing"
}

# True when the packages are there afterwards.
install_system_packages() {
  command -v apt-get >/dev/null 2>&1 || return 1
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null || return 1
    as_root="sudo -n"
  fi
  say "Set-up: installing Debian packages: $1..."
  log="${TMPDIR:-/tmp}/holdfast-apt.$$.log"
  if $as_root env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -q && apt-get install -qy --no-install-recommends $1" >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 15 "$log" >&2
  rm -f "$log"
  return 1
}
