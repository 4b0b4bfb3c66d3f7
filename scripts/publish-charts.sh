#!/usr/bin/env bash
# publish-charts.sh FOLDER NAME COMMIT: puts the PNGs of FOLDER on the orphan branch vmabench-charts of origin, as
# NAME/COMMIT/charts/, and prints where, BRANCH/NAME/COMMIT. NAME is a word and a number, such as run-7.
#
# Earlier pictures of NAME go. The branch is always one commit, so that a clone does not carry every picture there
# ever was; the KEEP (60) highest numbers stay. Somebody else may push in between: then once more from what is
# there now. Nothing is checked out.
set -euo pipefail
folder=$1 name=$2 commit=$3
branch=vmabench-charts
keep=${KEEP:-60}
if [[ ! $name =~ ^[a-z]+-[0-9]+$ || ! $commit =~ ^[0-9a-f]{40,64}$ ]]; then
  echo "publish-charts.sh: expected NAME-NUMBER and a whole commit id" >&2
  exit 2
fi

GIT_INDEX_FILE=$(mktemp -u)
export GIT_INDEX_FILE
trap 'rm -f "$GIT_INDEX_FILE"' EXIT
export GIT_AUTHOR_NAME='github-actions[bot]' GIT_AUTHOR_EMAIL='github-actions[bot]@users.noreply.github.com'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

# the index: what the branch has, without the earlier pictures of this name, with the new ones
fill_index() {
  if [[ -n $1 ]]; then
    git fetch --quiet --depth=1 origin "$1"
    git read-tree "$1"
  else
    git read-tree --empty
  fi
  remove "$name"
  local file
  while IFS= read -r -d '' file; do
    git update-index --add --cacheinfo \
      "100644,$(git hash-object -w "$file"),$name/$commit/charts/$(basename "$file")"
  done < <(find "$folder" -maxdepth 1 -type f -name '*.png' -print0 | sort -z)
  local old
  git ls-files | cut -d/ -f1 | sort -u | sort -t- -k2,2nr | tail -n "+$((keep + 1))" |
    while IFS= read -r old; do remove "$old"; done
}

remove() {
  git ls-files -z -- "$1/" | git update-index -z --force-remove --stdin
}

for attempt in 1 2 3 4 5; do
  before=$(git ls-remote origin "refs/heads/$branch" | cut -f1)
  fill_index "$before"
  made=$(git commit-tree "$(git write-tree)" -m "Pictures of benchmark reports")
  if git push --quiet --force-with-lease="refs/heads/$branch:$before" origin "$made:refs/heads/$branch"; then
    echo "$branch/$name/$commit"
    exit 0
  fi
  sleep "$attempt"
done
echo "publish-charts.sh: could not push to $branch" >&2
exit 1
