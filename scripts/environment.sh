# Sourced by .venv/bin/activate, in any POSIX shell: tells ROS 2 where its packages are.
# shellcheck shell=sh

_jetseg_root="${VIRTUAL_ENV%/*}"

_jetseg_prepend() { # variable, folder
  eval "case \":\${$1:-}:\" in
    *\":$2:\"*) ;;
    *) export $1=\"$2\${$1:+:\$$1}\" ;;
  esac"
}

if [ -d "$VIRTUAL_ENV/share/rclpy" ]; then
  # ROS 2 from wheels: .venv is its prefix. Its Python sets LD_LIBRARY_PATH by starting twice, unless
  # told that this is done.
  export AMENT_PREFIX_PATH="$_jetseg_root/install/jetseg:$VIRTUAL_ENV"
  export CMAKE_PREFIX_PATH="$VIRTUAL_ENV"
  for _jetseg_folder in "$VIRTUAL_ENV"/lib/python3.*/site-packages/ros_*.libs \
    "$VIRTUAL_ENV/lib" "$_jetseg_root/install/jetseg/lib"; do
    _jetseg_prepend LD_LIBRARY_PATH "$_jetseg_folder"
  done
  export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
elif [ -z "${ROS_DISTRO:-}" ]; then
  echo "jetseg: this environment was made with a sourced ROS 2; source its setup file first." >&2
elif [ -f "$_jetseg_root/install/local_setup.sh" ]; then
  . "$_jetseg_root/install/local_setup.sh"
fi

unset -f _jetseg_prepend
unset _jetseg_folder _jetseg_root
