#!/bin/sh
# Installs Debian packages as root without starting the daemons they bring: tests start servers of their own.
# usage: apt-install.sh PACKAGE...
set -eu
export DEBIAN_FRONTEND=noninteractive

guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
  trap 'rm -f "$guard"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' > "$guard"
  chmod 755 "$guard"
fi

apt-get -q -o DPkg::Lock::Timeout=120 update
apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
