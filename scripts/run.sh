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
  # The lock belongs to the open file, so it lasts until the command and its children have ended.
  for id in $(shuf -i 1-101); do # the domains whose ports no other program is given
    if { exec 8>>"/tmp/jetseg-ros-domain-$id.lock"; } 2>/dev/null && flock -n 8; then
      export ROS_DOMAIN_ID=$id
      break
    fi
  done
fi

exec "$@"
