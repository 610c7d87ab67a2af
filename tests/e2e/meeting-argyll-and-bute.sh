#!/usr/bin/env bash
# The story of tests/e2e/meeting.sh under the profile of Argyll and Bute.
exec bash "$(dirname "$0")/meeting.sh" argyll-and-bute
