#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# repeat_test.sh REPEAT: whether scripts/lib/repeat repeats what it must, once, and says so.
set -euo pipefail
repeat=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cat >"$directory/test" <<'EOF'
#!/usr/bin/env bash
# test PASSES_FROM [ARGUMENT...]: passes from so manieth run on.
echo run "${@:2}" >>"$0.runs"
[[ $(wc -l <"$0.runs") -ge $1 ]] || exit 7
EOF
chmod +x "$directory/test"

# expect STATUS RUNS LABELS SETTING PASSES_FROM
expect() {
    local status=0 runs labels
    rm -f "$directory/test.runs"
    IRQSCOPE_REPEAT=$4 "$repeat" "$directory/test" "$5" --gtest_filter=suite.name two\ words >"$directory/output" || status=$?
    runs=$(grep -cx 'run --gtest_filter=suite.name two words' "$directory/test.runs")
    labels=$(grep -cx '<CTestLabel>REPEATED: suite.name</CTestLabel>' "$directory/output" || true)
    if [[ "$status $runs $labels" != "$1 $2 $3" ]]; then
        echo "IRQSCOPE_REPEAT='$4', passes from run $5 on: exit status $status, $runs runs, $labels labels; expected $1, $2, $3"
        exit 1
    fi
}
expect 0 1 0 1 1
expect 0 2 1 1 2
expect 7 2 1 1 3
expect 0 1 0 '' 1
expect 7 1 0 '' 2
