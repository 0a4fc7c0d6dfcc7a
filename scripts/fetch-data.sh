#!/usr/bin/env bash
# Downloads MovieLens from GroupLens, resumes what was cut off, and checks SHA-256. Nothing runs it by itself.
set -euo pipefail

# Digests of the archives. Those of 100k, 1m, 20m and 25m are of frozen releases, whose MD5 GroupLens publishes beside
# them; latest-small may be released anew by GroupLens, and then no longer fits the committed known answers.
datasets='
100k          ml-100k.zip          50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229
latest-small  ml-latest-small.zip  696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436
1m            ml-1m.zip            a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20
20m           ml-20m.zip           96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3
25m           ml-25m.zip           8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa
'
titles_sha256=2337d45a294b0711434a61a85c9504905b2fd1fbc0e2adc0d3cdc10f4b96cd16
source=https://files.grouplens.org/datasets/movielens

usage() {
    cat <<TEXT
usage: scripts/fetch-data.sh [--data DIR] NAME...

Downloads and unpacks into DIR (default: REELBENCH_DATA, else data): 100k, latest-small, 1m, 20m, 25m.
A download that was cut off is resumed; an archive whose SHA-256 is not the known one is refused.
MovieLens may be used for research, not sold, and not redistributed without permission: see its README.
Harper and Konstan 2015, The MovieLens Datasets, https://doi.org/10.1145/2827872

  netflix-titles  is not downloaded: Kaggle asks for an account.
                  Fetch netflix_titles.csv (2021, CC0) from https://www.kaggle.com/datasets/shivamb/netflix-shows
                  and put it into DIR/netflix-titles/. SHA-256 of the copy that the known answers were made with:
                  $titles_sha256
                  (fetch-data.sh netflix-titles checks the one that is there)
TEXT
}

fail() {
    printf 'fetch-data.sh: %s\n' "$*" >&2
    exit 3
}

sha256_of() {
    sha256sum "$1" | cut -d ' ' -f 1
}

check_titles() {
    local file=$data/netflix-titles/netflix_titles.csv
    [ -f "$file" ] || fail "$file is not there; scripts/fetch-data.sh --help tells where it is had"
    [ "$(sha256_of "$file")" = "$titles_sha256" ] ||
        fail "$file: another copy (public copies differ in dates, line ends and separators): the known answers may not hold"
    printf '%s: as expected\n' "$file"
}

unpack() {
    if command -v unzip >/dev/null; then
        unzip -q -o "$1" -d "$data"
    elif command -v python3 >/dev/null; then
        python3 -m zipfile -e "$1" "$data"
    else
        fail "neither unzip nor python3 is here to unpack $1"
    fi
}

fetch() {
    local archive digest found
    read -r archive digest < <(awk -v name="$1" '$1 == name { print $2, $3 }' <<<"$datasets") || true
    [ -n "${archive:-}" ] || { printf "fetch-data.sh: unknown data set '%s'\n" "$1" >&2; usage >&2; exit 2; }
    if [ ! -f "$data/$archive" ]; then
        curl --fail --location --continue-at - --output "$data/$archive.part" "$source/$archive" ||
            fail "$source/$archive: download failed; run the command again to resume"
        mv "$data/$archive.part" "$data/$archive"
    fi
    found=$(sha256_of "$data/$archive")
    [ "$found" = "$digest" ] || fail "$data/$archive: SHA-256 is $found, expected $digest; remove it to download it again"
    unpack "$data/$archive"
    printf '%s: unpacked, SHA-256 as expected\n' "$data/${archive%.zip}"
}

data=${REELBENCH_DATA:-data}
names=()
while [ $# -gt 0 ]; do
    case $1 in
    --data)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        data=$2
        shift
        ;;
    --data=*) data=${1#*=} ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) names+=("$1") ;;
    esac
    shift
done
[ ${#names[@]} -gt 0 ] || { usage >&2; exit 2; }
mkdir -p "$data"
for name in "${names[@]}"; do
    if [ "$name" = netflix-titles ]; then
        check_titles
    else
        command -v curl >/dev/null || fail "curl is needed"
        fetch "$name"
    fi
done
