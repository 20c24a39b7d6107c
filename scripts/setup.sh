#!/usr/bin/env bash
# Makes .venv with everything the project needs, then builds messages and package into install/.
# Uses the sourced ROS 2 distribution where there is one, the Jazzy wheels elsewhere.
# Each step leaves a stamp with the hash of what it was made from, and is skipped while that holds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
venv=$root/.venv
log=$root/log/setup.log

fail() {
  echo "setup: $*" >&2
  exit 1
}
hash_of() { sha256sum | cut -c1-16; }
is_made() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# --- What the environment is to be made from --------------------------------------------------
# The prefixes of a sourced ROS 2, less those that .venv/bin/activate itself has put there.
sourced_prefixes=$(tr : '\n' <<<"${AMENT_PREFIX_PATH:-}" | grep -v -e '^$' -e "^$root/" || true)
if [[ -n ${ROS_DISTRO:-} && -n $sourced_prefixes ]]; then
  ros=$ROS_DISTRO
  requirements=(build base train dev)
else
  ros=wheels
  requirements=(ros-jazzy build base train dev)
  unset AMENT_PREFIX_PATH CMAKE_PREFIX_PATH PYTHONPATH # nothing of another ROS or Python may leak in
fi
packages_key=$( (echo "$root $ros"; cat requirements/*.txt scripts/setup.sh) | hash_of)
build_key=$( (
  echo "$packages_key"
  cat msg/*.msg package.xml CMakeLists.txt setup.py scripts/executable.py.in
  # Names only: these files are linked into install/, so editing one needs no build.
  find jetseg_core jetseg_ros launch config models -type f -not -name '*.pyc' | sort
) | hash_of)
venv_is_made() {
  [[ -x .venv/bin/python ]] && is_made .venv/.for "$root $ros" &&
    { [[ -z ${PYTHON:-} ]] || is_made .venv/.python "$PYTHON"; }
}
packages_are_made() { venv_is_made && is_made .venv/.packages "$packages_key"; }
package_is_made() { [[ -d install/jetseg ]] && is_made build/.made "$build_key"; }

exec 9<"$root" && flock 9 # one set-up at a time in this folder
if packages_are_made && package_is_made; then exit 0; fi

# --- What the machine has to bring -----------------------------------------------------------
apt='on Debian or Ubuntu: sudo apt install'
command -v "${CXX:-c++}" >/dev/null && command -v "${CC:-cc}" >/dev/null ||
  fail "no C and C++ compiler was found; install one ($apt build-essential) and run make again."
command -v cmake >/dev/null || fail "cmake was not found; install it ($apt cmake) and run make again."
if [[ $ros == wheels && $(uname -m) != x86_64 ]]; then
  fail "ROS 2 wheels exist for x86_64 only and this machine is $(uname -m); install ROS 2, source its setup.bash and run make again."
fi

# Prints "<version> <what is missing> <interpreter>" for one candidate, of any version.
probe='
import os, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
missing = []
if not (3, 10) <= sys.version_info[:2] <= (3, 12):
    missing = ["version"]
else:
    try:
        import ensurepip, venv
    except ImportError:
        missing.append("python%s-venv" % version)
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        missing.append("python%s-dev" % version)
    try:
        sys.argv[1] == "wheels" or __import__("rclpy")
    except ImportError:
        missing = ["rclpy"]
print(" ".join([version, ",".join(missing) or "-", getattr(sys, "_base_executable", sys.executable)]))
'
# Sets `python` to the first interpreter that will do, or says what the first of them lacks.
find_python() {
  local candidates=(python3 python3.12 python3.11 python3.10 /usr/bin/python3)
  local candidate version missing path advice=''
  [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
  for candidate in "${candidates[@]}"; do
    read -r version missing path < <("$candidate" -c "$probe" "$ros" 2>/dev/null) || continue
    case $missing in
      -) python=$path && return ;;
      version) : "${advice:="Python 3.10, 3.11 or 3.12 is needed and $candidate is $version; install one ($apt python3 python3-venv python3-dev) or name one: make PYTHON=/path/to/python3.12."}" ;;
      rclpy) : "${advice:="ROS 2 $ros is sourced but $path cannot import rclpy; install ros-$ros-rclpy, or name the Python it was built for: make PYTHON=/usr/bin/python3."}" ;;
      *) : "${advice:="$path lacks its venv module or its C headers, which the messages are built with; install them ($apt ${missing//,/ }) and run make again."}" ;;
    esac
  done
  fail "${advice:-"${PYTHON:-python3} does not run; install Python 3.10, 3.11 or 3.12 ($apt python3 python3-venv python3-dev) and run make again."}"
}

# --- The environment -------------------------------------------------------------------------
# Runs a step with its output in the log; where it fails, says so in one sentence.
step() {
  local title=$1 advice=$2 reason
  shift 2
  echo "setup: $title" >&2
  echo "== $title" >>"$log"
  "$@" >>"$log" 2>&1 </dev/null && return
  reason=$(grep -m1 -E '^ERROR: |: error: ' "$log" || tail -n1 "$log")
  fail "${title% (*} failed (${reason::200}); $advice, then run make again (its whole output is in log/setup.log)."
}

make_venv() {
  local options=(--clear)
  [[ $ros == wheels ]] || options+=(--system-site-packages)
  rm -rf build install
  "$python" -m venv "${options[@]}" "$venv" &&
    # From now on `. .venv/bin/activate` is all it takes to enter the environment.
    echo '. "${VIRTUAL_ENV%/*}/scripts/environment.sh"' >>"$venv/bin/activate" &&
    echo "${PYTHON:-}" >.venv/.python &&
    echo "$root $ros" >.venv/.for
}

# A torch that the machine brings is kept, whatever its version: NVIDIA's builds for Jetsons are nowhere
# else to be had, and the one of requirements/ would hide it and compute on the processor.
brings_torch() {
  ask_python '
import importlib.util, sys
torch = importlib.util.find_spec("torch")
sys.exit(torch is None or str(torch.origin).startswith(sys.prefix))'
}

install_packages() {
  local arguments=() name
  for name in "${requirements[@]}"; do arguments+=(-r "requirements/$name.txt"); done
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input "${arguments[@]}"
}

ask_python() { "$venv/bin/python" -c "$1"; }

# The wheels' CMake exports name the Python and numpy of the machine that built them.
correct_cmake_exports() {
  local there='/opt/python/cp[0-9]+-cp[0-9]+' python_include numpy_include
  python_include=$(ask_python 'import sysconfig; print(sysconfig.get_path("include"))') &&
    numpy_include=$(ask_python 'import numpy; print(numpy.get_include())') &&
    find "$venv/share" -name '*.cmake' -exec sed -Ei \
      -e "s#$there/lib/python3[.0-9]+/site-packages/numpy/_core/include#$numpy_include#g" \
      -e "s#$there/include/python3[.0-9]+#$python_include#g" \
      -e "s#$there#$venv#g" {} +
}

build_package() (
  set +u # the setup files of ROS 2 read unset variables
  . "$venv/bin/activate" &&
    colcon --log-base log build --paths . --symlink-install \
      --cmake-args -DPython3_EXECUTABLE="$venv/bin/python" -DBUILD_TESTING=OFF --no-warn-unused-cli &&
    pip install --disable-pip-version-check --no-input --no-deps --no-build-isolation --editable .
)

# .venv is the prefix of the wheels: with the messages in it, .venv/bin/python works unactivated.
link_messages() {
  ln -sfn "$root"/install/jetseg/lib/python3*/site-packages/jetseg \
    "$(ask_python 'import sysconfig; print(sysconfig.get_path("purelib"))')/jetseg" &&
    ln -sf "$root"/install/jetseg/lib/libjetseg__*.so "$venv/lib/"
}

mkdir -p log && : >"$log"
if ! packages_are_made; then
  if ! venv_is_made; then
    find_python
    step "making .venv with $python" "see that the disk has room" make_venv
  fi
  rm -f .venv/.packages
  if brings_torch; then
    echo "setup: keeping the torch that this machine brings" >&2
  else
    requirements+=(torch)
  fi
  step "installing Python packages into .venv (some minutes)" \
    "check the network and the settings of pip" install_packages
  [[ $ros != wheels ]] || step "correcting the ROS 2 wheels' CMake files" "remove .venv" correct_cmake_exports
  echo "$packages_key" >.venv/.packages
fi
rm -f build/.made
step "building messages and package into install/" "correct what that file names" build_package
[[ $ros != wheels ]] || step "linking the messages into .venv" "remove .venv" link_messages
echo "$build_key" >build/.made
