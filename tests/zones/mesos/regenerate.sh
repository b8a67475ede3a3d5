#!/bin/sh
# Writes the expected records of the odd cluster anew, from the second implementation. Look at the difference.
cd "$(dirname "$0")/../.." || exit
for profile in exact improved; do
  python3 zones/mesos_records.py zones/mesos/odd.txt "$profile" max_ports_per_task=8 > "golden/mesos_$profile.txt"
done
