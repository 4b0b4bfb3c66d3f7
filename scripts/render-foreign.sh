#!/usr/bin/env bash
# render-foreign.sh FROM TO: a comment out of the records in FROM, which a pull request's code has written.
#
# Nothing of FROM is trusted: only plain files count, the records are checked by their schemas and rendered by this
# checkout's code, the number has to be one. TO gets pull.txt, comment.md and the report's charts.
set -euo pipefail
from=$1 to=$2
vmabench() { node "$(dirname "$0")/../bin/vmabench.js" "$@"; }

for name in pull.txt results.json; do
  if [[ -L $from/$name || ! -f $from/$name ]]; then
    echo "$name is not in the artifact as a plain file" >&2
    exit 1
  fi
done
pull=$(head -c 20 "$from/pull.txt")
[[ $pull =~ ^[1-9][0-9]{0,8}$ ]] || { echo "pull.txt: expected the number of a pull request" >&2; exit 1; }

mkdir -p "$to/charts"
echo "$pull" >"$to/pull.txt"
if ! vmabench report "$from/results.json" --out "$to" --quiet; then
  # the pull request may have changed the format of the record
  echo "This run's record cannot be read by the default branch. The report is in the run's artifact." >"$to/report.md"
fi
{
  if [[ -f $from/gate.json && ! -L $from/gate.json ]]; then
    echo "Gate against the merge base:"
    echo
    # indented: code, whatever stands in it; the exit code is the verdict, which bench.yml has given already
    { vmabench gate --replay "$from/gate.json" || true; } | sed 's/^/    /'
    echo
  fi
  cat "$to/report.md"
} >"$to/comment.md"
