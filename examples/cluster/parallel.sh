#!/bin/bash
# A survey of a data set in N processes at a time, by GNU parallel: on one machine, or on several with --sshlogin.
#
#   examples/cluster/parallel.sh 4 photos survey --model squeezenet
#
# Arguments: the number of parts, the data set, the folder for the survey, and what else "vitrine survey" takes. Each process finds its
# part in PARALLEL_SEQ. Run again, it does what is missing.
set -euo pipefail
parts=$1
data=$2
out=$3
shift 3
survey=$(printf '%q ' ${VITRINE:-vitrine} survey --data "$data" --out "$out" --shards "$parts" "$@")
seq "$parts" | parallel --halt soon,fail=1 "$survey # {}"
exec ${VITRINE:-vitrine} merge "$out"
