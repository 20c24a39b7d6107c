#!/usr/bin/env bash
# Runs a command in the project's environment, with ROS 2 kept on this machine and apart from
# every other run: scripts/run.sh COMMAND [ARGUMENT...]. Values the user has set are kept.
set -euo pipefail

set +u # the setup files of ROS 2 read unset variables
. "$(dirname "${BASH_SOURCE[0]}")/../.venv/bin/activate"
set -u

if [[ ${ROS_DISTRO:-} == humble ]]; then
  export ROS_LOCALHOST_ONLY=${ROS_LOCALHOST_ONLY:-1} # Humble's name for the next line
fi
export ROS_AUTOMATIC_DISCOVERY_RANGE=${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}

if [[ -z ${ROS_DOMAIN_ID:-} ]]; then
  # In a folder of the user's own: in one that all write to, another user could hold every lock, or plant links.
  base=${XDG_RUNTIME_DIR:-}
  if [[ ! -O $base || ! -w $base ]]; then # it may still be that of the user before `su`
    base=${XDG_CACHE_HOME:-${HOME:-}/.cache}
  fi
  locks=$base/jetseg-ros-domains
  (umask 077 && mkdir -p "$locks") || true
  if [[ -L $locks || ! -O $locks ]] || ! chmod 700 "$locks"; then
    echo "run.sh: $locks is not a folder of yours to keep locks in; remove it, or set ROS_DOMAIN_ID (1 to 101)" >&2
    exit 2
  fi
  # The lock belongs to the open file, so it lasts until the command and its children have ended.
  for id in $(shuf -i 1-101); do # the domains whose ports no other program is given
    if { exec 8>>"$locks/$id.lock"; } 2>/dev/null && flock -n 8; then
      export ROS_DOMAIN_ID=$id
      break
    fi
  done
  if [[ -z ${ROS_DOMAIN_ID:-} ]]; then
    echo "run.sh: all ROS domains, 1 to 101, are in use by other runs; end one, or set ROS_DOMAIN_ID" >&2
    exit 2
  fi
fi

exec "$@"
