#!/usr/bin/env bash
# What the action runs: a report for people and one for code scanning; with BASE set, only what got weaker fails.
set -uo pipefail
: "${DESIGN:?}" "${SARIF:=bootverify.sarif}" "${BASE:=}" "${ARGUMENTS:=}" "${GITHUB_STEP_SUMMARY:=/dev/stdout}"
read -r -a more <<< "$ARGUMENTS"
bootverify check "$DESIGN" --format sarif --output "$SARIF" "${more[@]}" > /dev/null
code=$?
[ "$code" -eq 2 ] && exit 2
if [ -n "$BASE" ] && ! git cat-file -e "$BASE:$DESIGN" 2> /dev/null; then
  echo "$DESIGN is new: $BASE does not have it, so all of it counts." | tee -a "$GITHUB_STEP_SUMMARY"
elif [ -n "$BASE" ]; then  # the comparison first: it is what the change is judged by
  bootverify diff "$BASE:$DESIGN" "$DESIGN" --format markdown > "$SARIF.md"
  code=$?
  cat "$SARIF.md" >> "$GITHUB_STEP_SUMMARY"
  cat "$SARIF.md"
  rm -f "$SARIF.md"
fi
bootverify check "$DESIGN" --format markdown "${more[@]}" >> "$GITHUB_STEP_SUMMARY"
exit "$code"
