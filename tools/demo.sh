#!/usr/bin/env bash
# Records sixteen streams at once, kills the recorder with kill -9 in the middle, and finds, exports
# and plays what it had called durable. `./dev demo` builds the command and runs this with its path.
#
# usage: demo.sh REEL_COMMAND      leaves demo-out/export.mp4
set -euo pipefail
reel=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STREAMS=16 UNITS_BEFORE_KILL=100
out=demo-out recorder=
work=$out/node-of-the-demo

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi
heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
run() {
  printf '$ %s\n' "$*" | sed "s|$reel|reel|; s|$work/||g; s|$PWD/||g"
  "$@" | sed "s|$work/||g; s|$PWD/||g"
}
clean_up() {
  [[ -z $recorder ]] || kill -9 "$recorder" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

# Footage of real cameras where there is any, FFmpeg's test pattern beside it.
collect_footage() {
  local file
  footage=()
  for file in ../shared/media/{axis-test_h264,axis-test_h265,intel-car-detection,intel-bottle-detection}.mp4 \
    tests/data/media/{axis-test_h264,axis-test_h265}.mp4; do
    [[ ! -f $file ]] || footage+=("$file")
  done
  for size in 640x360 1280x720; do
    file=$work/pattern-$size.mp4
    ffmpeg -v error -y -f lavfi -i "testsrc2=size=$size:rate=25:duration=10" -g 50 -pix_fmt yuv420p \
      -c:v libx264 -preset ultrafast -b:v 2M "$file"
    footage+=("$file")
  done
}

# Units the log calls durable, of the stream that has the fewest; nothing until all streams are in it.
least_durable() {
  sed -n 's/.*"event":"durable","stream":"\([^"]*\)","units":\([0-9]*\).*/\1 \2/p' "$work/log" |
    awk -v streams=$STREAMS '{ units[$1] = $2 }
      END { for (s in units) { n++; if (least == "" || units[s] < least) least = units[s] }
            print (n == streams ? least : 0) }'
}
units_reported() {
  sed -n "s/.*\"event\":\"durable\",\"stream\":\"$1\",\"units\":\([0-9]*\).*/\1/p" "$work/log" | tail -n 1
}
exported() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$work/export.json" | head -n 1; }

rm -rf "$work"
mkdir -p "$work/disk-1" "$work/disk-2"
collect_footage

heading "1. A node with two volumes"
run "$reel" init "$work/node" --volume "$work/disk-1,size=512M,segment=8M" \
  --volume "$work/disk-2,size=512M,segment=8M"

heading "2. Sixteen cameras at once, in real time"
cameras=()
for ((i = 1; i <= STREAMS; i++)); do
  cameras+=("$(printf 'camera-%02d' "$i")=${footage[(i - 1) % ${#footage[@]}]}")
done
start=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo "\$ reel import --node node --pace --loop camera-01=... camera-16=... &"
"$reel" import --node "$work/node" --pace --loop --json --start "$start" "${cameras[@]}" >"$work/log" &
recorder=$!
while kill -0 "$recorder" 2>/dev/null && (($(least_durable) < UNITS_BEFORE_KILL)); do
  sleep 0.2
done
kill -0 "$recorder" 2>/dev/null || { echo "the recorder ended by itself" >&2 && exit 1; }
echo "every camera has at least $(least_durable) pictures reported durable"

heading "3. kill -9 in the middle"
echo "\$ kill -9 $recorder"
kill -9 "$recorder"
wait "$recorder" 2>/dev/null || true
recorder=

heading "4. What is there"
run "$reel" timeline --node "$work/node"
run "$reel" seek --node "$work/node" camera-01 "$start"

heading "5. Nothing that was reported durable is missing"
run "$reel" verify --node "$work/node"
for ((i = 1; i <= STREAMS; i++)); do
  camera=$(printf 'camera-%02d' "$i")
  "$reel" export --node "$work/node" "$camera" --from "$start" --to now+1d --json --force \
    -o "$out/export.mp4" >"$work/export.json"
  reported=$(units_reported "$camera") there=$(exported units)
  printf '%s  %5d reported durable, %5d there\n' "$camera" "$reported" "$there"
  ((there >= reported)) || { echo "$camera has lost pictures" >&2 && exit 1; }
done

heading "6. Export, and it plays"
run "$reel" export --node "$work/node" camera-01 --from "$start" --to now+1d --force -o "$out/export.mp4"
run ffprobe -v error -show_entries stream=codec_name,width,height,nb_frames:format=duration \
  -of default=noprint_wrappers=1 "$out/export.mp4"
ffmpeg -v error -xerror -i "$out/export.mp4" -f null - && echo "decoded from the first picture to the last"

heading "7. Recording goes on"
run "$reel" import --node "$work/node" "camera-01=${footage[0]}"
run "$reel" timeline --node "$work/node" camera-01
printf '\nLeft behind: %s/export.mp4\n' "$out"
