#!/usr/bin/env bash
# Records sixteen cameras of a real RTSP server with reeld, kills it with kill -9 in the middle, and
# finds, exports and plays what it had called durable. `./dev demo` builds what it takes and runs it.
#
# usage: demo.sh BUILD_DIRECTORY      leaves demo-out/export.mp4
set -euo pipefail
build=$(realpath "$1")
readonly reel=$build/tools/reel reeld=$build/server/daemon/reeld camera=$build/tests/ingest/ingest_camera
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly CAMERAS=16 SECONDS_BEFORE_KILL=6 SECONDS_AFTER=4
out=demo-out daemon= cameras=
work=$out/node-of-the-demo

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi
heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
run() {
  printf '$ %s\n' "$*" | sed "s|$reel|reel|; s|$work/||g; s|$PWD/||g"
  "$@" | sed "s|$work/||g; s|$PWD/||g"
}
clean_up() {
  [[ -z $daemon ]] || kill -9 "$daemon" 2>/dev/null || true
  [[ -z $cameras ]] || kill "$cameras" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

# Footage of real cameras where there is any, FFmpeg's test pattern beside it; as an RTSP server
# takes it.
collect_footage() {
  local file codec
  footage=()
  for file in ../shared/media/{axis-test_h264,axis-test_h265,intel-car-detection}.mp4 \
    tests/data/media/{axis-test_h264,axis-test_h265}.mp4; do
    [[ -f $file && ${#footage[@]} -lt 3 ]] || continue
    codec=$(ffprobe -v error -select_streams v -show_entries stream=codec_name -of csv=p=0 "$file")
    codec=${codec//hevc/h265}
    ffmpeg -v error -y -i "$file" -an -c copy -f "${codec/h265/hevc}" "$work/film-${#footage[@]}.$codec"
    footage+=("$work/film-${#footage[@]}.$codec")
  done
  ffmpeg -v error -y -f lavfi -i "testsrc2=size=1280x720:rate=25:duration=10" -g 50 -pix_fmt yuv420p \
    -c:v libx264 -preset ultrafast -b:v 2M "$work/pattern.h264"
  footage+=("$work/pattern.h264")
}

start_cameras() {
  local mounts=() i
  for ((i = 1; i <= CAMERAS; i++)); do
    mounts+=("$(printf '/camera-%02d' "$i")=${footage[(i - 1) % ${#footage[@]}]}")
  done
  mkfifo "$work/hold"
  "$camera" 0 "${mounts[@]}" --login digest reel of-the-demo <"$work/hold" >"$work/cameras.log" 2>&1 &
  cameras=$!
  exec 9>"$work/hold" # the server ends with its standard input
  until grep -q '^port ' "$work/cameras.log"; do sleep 0.1; done
  port=$(sed -n 's/^port //p' "$work/cameras.log")
}

write_configuration() {
  local i
  printf 'of-the-demo\n' >"$work/password"
  chmod 600 "$work/password"
  cat <<TOML
[node]
path = "node"
[listen]
socket = "reeld.sock"
[audit]
directory = "audit"
[[grant]]
who = "uid:$UID"
role = "admin"
cameras = ["*"]
[[grant]]
who = "uid:$UID"
role = "investigator"
cameras = ["*"]
TOML
  for ((i = 1; i <= CAMERAS; i++)); do
    printf '[[camera]]\nname = "camera-%02d"\nsource = "rtsp://127.0.0.1:%s/camera-%02d"\n' "$i" "$port" "$i"
    printf 'user = "reel"\npassword_file = "password"\n'
  done
}

start_reeld() {
  echo '$ reeld --config reeld.toml &'
  "$reeld" --config "$work/reeld.toml" 2>>"$work/reeld.log" &
  daemon=$!
  export REEL_SERVER=unix:$PWD/$work/reeld.sock
}
recording() { "$reel" cameras --json 2>/dev/null | grep -o '"state":"recording"' | wc -l; }
await_recording() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    kill -0 "$daemon" 2>/dev/null || { cat "$work/reeld.log" && exit 1; }
    if (($(recording) == CAMERAS)); then return; fi
    sleep 0.2
  done
  "$reel" cameras
  echo "not all cameras are being recorded" >&2
  exit 1
}
# Pictures that reeld says would survive a power cut, by now.
durable_now() { "$reel" stats --json | sed -n 's/.*"units_durable":\([0-9]*\).*/\1/p'; }
exported() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$work/export.json" | head -n 1; }

rm -rf "$work"
mkdir -p "$work/disk-1" "$work/disk-2"
collect_footage

heading "1. A node with two volumes, and sixteen cameras on an RTSP server"
run "$reel" init "$work/node" --volume "$work/disk-1,size=512M,segment=8M" \
  --volume "$work/disk-2,size=512M,segment=8M"
start_cameras
write_configuration >"$work/reeld.toml"
run "$reeld" --check --config "$work/reeld.toml"

heading "2. reeld records them"
start_reeld
await_recording
begin=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep "$SECONDS_BEFORE_KILL"
run "$reel" cameras
durable=$(durable_now)
echo "$durable pictures reported durable"

heading "3. kill -9 in the middle"
echo "\$ kill -9 $daemon"
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
daemon=
unset REEL_SERVER

heading "4. Nothing that was reported durable is missing"
run "$reel" verify --node "$work/node"
there=0
for ((i = 1; i <= CAMERAS; i++)); do
  name=$(printf 'camera-%02d' "$i")
  "$reel" export --node "$work/node" "$name" --from now-1d --to now+1d --json --force -o "$out/export.mp4" \
    >"$work/export.json"
  there=$((there + $(exported units)))
done
echo "$there pictures there, $durable reported durable"
((there >= durable)) || { echo "pictures were lost" >&2 && exit 1; }

heading "5. Started again, it goes on"
start_reeld
await_recording
sleep "$SECONDS_AFTER"
run "$reel" timeline
run "$reel" seek camera-01 "$begin"

heading "6. Export over the socket, and it plays"
run "$reel" export camera-01 --from "$begin" --to now --purpose demonstration --case 1 --force \
  -o "$out/export.mp4"
run ffprobe -v error -show_entries stream=codec_name,width,height,nb_frames:format=duration \
  -of default=noprint_wrappers=1 "$out/export.mp4"
ffmpeg -v error -xerror -i "$out/export.mp4" -f null - && echo "decoded from the first picture to the last"

heading "7. Stopped in good order; who did what is on record"
echo "\$ kill $daemon"
kill "$daemon"
wait "$daemon"
daemon=
run "$reel" audit verify "$work/audit"
grep -h '"what":"export"' "$work"/audit/*.jsonl | head -n 1 | cut -c 1-200
printf '\nLeft behind: %s/export.mp4\n' "$out"
