#!/usr/bin/env bash
# What the action runs: one check, told for people and for code scanning. With BASE set, only what got weaker fails.
# POLICY, SUBJECT, ATTACKER and NCS say what is asked, of the comparison too: names apart by spaces or lines.
set -uo pipefail
set -f # what is asked for is words, never patterns of file names
: "${DESIGN:?}" "${SARIF:=bootverify.sarif}" "${BASE:=}" "${ARGUMENTS:=}" "${GITHUB_STEP_SUMMARY:=/dev/stdout}"
asked=()
for each in ${POLICY:-}; do asked+=(--policy "$each"); done
for each in ${SUBJECT:-}; do asked+=(--subject "$each"); done
for each in ${ATTACKER:-}; do asked+=(--attacker "$each"); done
for each in ${NCS:-}; do asked+=(--ncs "$each"); done
read -r -d '' -a more <<< "$ARGUMENTS"

if [ -n "$BASE" ] && ! git rev-parse --verify --quiet "$BASE^{commit}" > /dev/null; then
  echo "$BASE is no revision here; have the checkout fetch it (fetch-depth: 0)." | tee -a "$GITHUB_STEP_SUMMARY"
  exit 2
fi
report=$(mktemp) && trap 'rm -f "$report"' EXIT
bootverify check "$DESIGN" ${asked[@]+"${asked[@]}"} ${more[@]+"${more[@]}"} \
  --format markdown --output "$report" --also "sarif=$SARIF"
code=$?
[ "$code" -eq 2 ] && exit 2
if [ -n "$BASE" ] && ! git cat-file -e "$BASE:$DESIGN" 2> /dev/null; then
  echo "$DESIGN is new: $BASE does not have it, so all of it counts." | tee -a "$GITHUB_STEP_SUMMARY"
elif [ -n "$BASE" ]; then # the comparison first: it is what the change is judged by
  bootverify diff "$BASE:$DESIGN" "$DESIGN" ${asked[@]+"${asked[@]}"} --format markdown |
    tee -a "$GITHUB_STEP_SUMMARY"
  code=${PIPESTATUS[0]}
fi
cat "$report" >> "$GITHUB_STEP_SUMMARY"
exit "$code"
