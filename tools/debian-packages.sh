#!/usr/bin/env bash
# Installs the Debian packages that Fengtai and its tests use, when it may; otherwise says in one sentence what is missing.
set -euo pipefail

declare -A why=(
  [python3-venv]="nothing runs without it"
  [gcc]="the native kernels are left out: about twice the CPU per recorded camera"
  [libc6-dev]="the native kernels are left out: about twice the CPU per recorded camera"
  [python3-dev]="the native kernels are left out: about twice the CPU per recorded camera"
  [chromium]="tests in the browser are skipped"
  [fonts-noto-cjk]="Chinese shows as boxes in simulated pictures and in screenshots"
  [postgresql-15]="tests on PostgreSQL are skipped"
  [sip-tester]="tests with SIPp are skipped"
  [sipsak]="tests with sipsak are skipped"
  [baresip-core]="tests with baresip are skipped"
  [stunnel4]="the test of devices over TLS is skipped"
)
missing=()
for package in "${!why[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
# Another Python than Debian's brings its own venv and headers, another compiler its own name.
has_headers='import pathlib, sys, sysconfig; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())'
if python3 -c 'import ensurepip, venv' 2>/dev/null; then missing=("${missing[@]/python3-venv/}"); fi
if python3 -c "$has_headers" 2>/dev/null; then missing=("${missing[@]/python3-dev/}"); fi
if command -v cc >/dev/null; then missing=("${missing[@]/gcc/}") missing=("${missing[@]/libc6-dev/}"); fi
missing=($(printf '%s\n' "${missing[@]}" | sed '/^$/d' | sort))
[ "${#missing[@]}" -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(false); fi
fi
if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
  echo "Installing Debian packages: ${missing[*]}"
  if "${as_root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
     "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then exit 0; fi
fi
for package in "${missing[@]}"; do echo "Missing Debian package $package: ${why[$package]} (apt-get install $package)."; done
case " ${missing[*]} " in *" python3-venv "*) exit 1 ;; esac
