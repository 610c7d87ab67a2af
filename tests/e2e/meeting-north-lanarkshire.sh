#!/usr/bin/env bash
# The story of tests/e2e/meeting.sh under the profile of North Lanarkshire.
exec bash "$(dirname "$0")/meeting.sh" north-lanarkshire
