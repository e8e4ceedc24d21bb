#!/usr/bin/env bash
# What the action runs: a report for people and one for code scanning; with BASE set, only what got weaker fails.
set -uo pipefail
: "${DESIGN:?}" "${SARIF:=bootverify.sarif}" "${BASE:=}" "${ARGUMENTS:=}" "${GITHUB_STEP_SUMMARY:=/dev/stdout}"
read -r -a more <<< "$ARGUMENTS"
bootverify check "$DESIGN" --format sarif --output "$SARIF" "${more[@]}" > /dev/null
code=$?
[ "$code" -eq 2 ] && exit 2
bootverify check "$DESIGN" --format markdown "${more[@]}" >> "$GITHUB_STEP_SUMMARY"
if [ -n "$BASE" ]; then
  bootverify diff "$BASE:$DESIGN" "$DESIGN"
  exit $?
fi
exit "$code"
