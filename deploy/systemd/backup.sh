#!/bin/bash
# One backup below the folder that is given, checked; then those beyond the newest KEEP that check as whole are removed.
set -euo pipefail
readonly FOLDER=${1:?folder of the backups}
readonly KEEP=${KEEP:-14}
readonly FENGTAI=${FENGTAI:-/opt/fengtai/.venv/bin/fengtai}
readonly CONFIG=${CONFIG:-/etc/fengtai/fengtai.toml}

made="$FOLDER/$(date -u +%Y%m%dT%H%M%SZ)"
"$FENGTAI" backup "$made" --config "$CONFIG"
"$FENGTAI" check backup "$made"
# Only now, after a good one, may old ones go.
find "$FOLDER" -mindepth 1 -maxdepth 1 -type d -name '20*Z' | sort | head -n "-$KEEP" | while read -r old; do
    rm -r -- "$old"
done
