# What quickstart.sh and test.sh share; sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_DIR:-$root/build}

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 3
}

# packages PART...: the names under "# to PART" in the list.
packages() {
    local part
    for part in "$@"; do
        sed -n "/^# to $part/,/^\$/p" "$root/scripts/packages-debian.txt" | grep -v '^#' | grep -v '^$'
    done
}

# install_missing PART...: by apt, as root or through sudo; says what it installs.
install_missing() {
    local missing=() package as_root=()
    command -v apt-get >/dev/null || die "no apt-get here: install what README.md names for your system, then use --no-install"
    for package in $(packages "$@"); do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    say "installing ${#missing[@]} packages: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "not root and no sudo; as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -q </dev/null || die "apt-get update failed"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" \
        </dev/null || die "apt-get install failed"
}

# build_program [TARGET]...: Release in build/; all targets where none is named.
build_program() {
    local targets=() target generator=()
    for target in "$@"; do
        targets+=(--target "$target")
    done
    if [ ! -f "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then
        generator=(-G Ninja)
    fi
    cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release ${RB_CMAKE_FLAGS:-} >"$build.log" 2>&1 || {
        tail -n 30 "$build.log" >&2
        die "cmake failed; all of it: $build.log"
    }
    cmake --build "$build" --parallel "$(nproc)" "${targets[@]}" || die "the build failed"
}

# What mpirun needs to know: it refuses root unless told twice.
mpi_environment() {
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
}
