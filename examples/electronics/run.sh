#!/bin/sh
# Decides what shoppers of an electronics marketplace see: candidates, check, decide, conflicts.
# RUN is the folder for what is written; DATA may hold a real catalogue in icecat/. Without it, a small one is generated.
set -eu

here=$(dirname "$0")
: "${RUN:=.run}"
: "${DATA:=../shared/data}"
mkdir -p "$RUN"

if [ -f "$DATA/icecat/products.parquet" ]; then
    items=$DATA/icecat/products.parquet
    queries=$DATA/icecat/ratings.csv
    echo "Deciding over the real catalogue in $DATA/icecat."
else
    items=$RUN/products.parquet
    queries=$RUN/queries.txt
    echo "No real catalogue in $DATA/icecat: deciding over a small generated one."
    aedile simulate electronics --items 2000 --seed 1 --out "$items" --queries-out "$queries"
fi

set -- --schema "$here/schema.yaml" --strategies "$here/strategies" --lists "$here/lists"

aedile candidates --entities "item=$items" --queries "$queries" --text title,supplier,short_description \
    --limit 100 --markets ID,SA,US --time 2020-06-15T13:30:00Z --out "$RUN/requests.ndjson"
aedile check "$@"
aedile decide "$@" --entities "item=$items" --requests "$RUN/requests.ndjson" --out "$RUN/decisions.parquet"
aedile conflicts "$@"
