#!/bin/sh
# Creates the namespace and the search attributes of src/release/search-attributes.ts; a test compares the two lists.
# Finished releases stay for 90 days: whether an environment is dirty is read from how its last release ended.
set -eu

temporal operator cluster health
if ! temporal operator namespace describe --namespace default >/dev/null 2>&1; then
  temporal operator namespace create --namespace default --retention 90d
fi
known=$(temporal operator search-attribute list --namespace default)
for name in SavepointApplication SavepointEnvironment SavepointVersion SavepointPhase SavepointOutcome; do
  case $known in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace default --name "$name" --type Keyword ;;
  esac
done
