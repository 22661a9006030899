"""A client of reeld in Python: records a file, looks at a moment, takes a range away.

usage: client.py PROTO_DIR TARGET FILE OUT

  PROTO_DIR  server/proto of the source tree
  TARGET     unix:/run/reeld/rpc.sock, or HOST:PORT without TLS
  FILE       H.264 as a raw stream with one slice per picture (Annex B)
  OUT        the MP4 file to write

Needs python3-grpcio, python3-protobuf, protobuf-compiler and protobuf-compiler-grpc. For TLS: grpc.secure_channel with
grpc.ssl_channel_credentials(ca, key, certificate).
"""

import os
import re
import subprocess
import sys
import tempfile
import time

import grpc
DEADLINE = 20  # seconds; most calls are refused without one
FRAME_NS = 40_000_000


def compile_protos(folder):
    """reel.v1 as Python modules, made where nobody else looks."""
    made = tempfile.mkdtemp(prefix="reel-client-")
    names = ["common", "ingest", "playback", "admin"]
    files = [os.path.join(folder, "reel/v1", name + ".proto") for name in names]
    # Debian's grpc_tools brings a protoc that is too old; the compiler's own package has both.
    subprocess.run(["protoc", "-I", folder, "--python_out", made, "--grpc_python_out", made,
                    "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *files],
                   check=True)
    sys.path.insert(0, made)
    return made


def access_units(path):
    """(bytes, is an IDR) of each picture: NAL units behind start codes, cut behind each slice."""
    with open(path, "rb") as file:
        stream = file.read()
    unit, key = b"", False
    for nal in re.split(rb"\x00*\x00\x00\x01", stream)[1:]:
        unit += b"\x00\x00\x00\x01" + nal
        kind = nal[0] & 31
        key = key or kind == 5
        if kind in (1, 5):
            yield unit, key
            unit, key = b"", False


def append(channel, stream, units, begin_ns):
    """Records the units as one run and waits until all of them are durable."""
    from reel.v1 import common_pb2, ingest_pb2, ingest_pb2_grpc

    def requests():
        track = common_pb2.Track(kind=common_pb2.TRACK_KIND_VIDEO, codec=common_pb2.CODEC_H264,
                                 timescale=90_000)
        yield ingest_pb2.AppendRequest(
            begin=ingest_pb2.BeginRun(stream=stream, tracks=[track], bulk=True))
        for number, (data, _) in enumerate(units):
            unit = common_pb2.Unit(number=number, pts=number * 3600, dts=number * 3600,
                                   wall_ns=begin_ns + number * FRAME_NS)
            yield ingest_pb2.AppendRequest(
                unit=ingest_pb2.AppendUnit(unit=unit, framing=ingest_pb2.FRAMING_ANNEX_B),
                data=data)
        yield ingest_pb2.AppendRequest(end=ingest_pb2.EndRun())

    durable = 0
    for response in ingest_pb2_grpc.IngestStub(channel).Append(requests(), timeout=DEADLINE):
        what = response.WhichOneof("what")
        if what == "ack":
            durable = response.ack.durable_end
        elif what in ("unit_error", "run_error"):
            sys.exit(f"append: {getattr(response, what).message}")
    return durable


def seek(channel, stream, time_ns):
    """Where a seek leads, and the units of that GOP."""
    from reel.v1 import playback_pb2, playback_pb2_grpc

    request = playback_pb2.SeekRequest(stream=stream, time_ns=time_ns)
    answers = list(playback_pb2_grpc.PlaybackStub(channel).Seek(request, timeout=DEADLINE))
    return answers[0].point, [answer.data for answer in answers]


def export(channel, stream, begin_ns, end_ns, path):
    """A range as an MP4 file. Over TCP the purpose is required."""
    from reel.v1 import common_pb2, playback_pb2, playback_pb2_grpc

    request = playback_pb2.ExportRequest(
        stream=stream, range=common_pb2.TimeRange(begin_ns=begin_ns, end_ns=end_ns),
        purpose=common_pb2.Purpose(purpose="example", requester="nobody", performer="client.py",
                                   case_number="0"))
    size = 0
    with open(path, "wb") as out:
        for part in playback_pb2_grpc.PlaybackStub(channel).Export(request, timeout=DEADLINE):
            if part.HasField("info"):
                size = part.info.size_bytes
            out.write(part.data)
    if os.path.getsize(path) != size:
        sys.exit("export: the file is not whole")
    return size


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    _, protos, target, source, out = sys.argv
    compile_protos(protos)
    from reel.v1 import admin_pb2, admin_pb2_grpc

    units = list(access_units(source))
    begin_ns = time.time_ns() // 1000 * 1000 - len(units) * FRAME_NS  # kept to the microsecond
    end_ns = begin_ns + len(units) * FRAME_NS
    with grpc.insecure_channel(target) as channel:
        admin = admin_pb2_grpc.AdminStub(channel)
        admin.AddStream(admin_pb2.AddStreamRequest(name="python"), timeout=DEADLINE)
        durable = append(channel, "python", units, begin_ns)
        if durable != len(units):
            sys.exit(f"append: {durable} of {len(units)} units are durable")
        point, gop = seek(channel, "python", end_ns - FRAME_NS)
        last_key = max(number for number, (_, key) in enumerate(units) if key)
        if point.begin_ns != begin_ns + last_key * FRAME_NS or len(gop) != len(units) - last_key:
            sys.exit(f"seek: not the last GOP, but {len(gop)} units from {point.begin_ns - begin_ns} ns")
        size = export(channel, "python", begin_ns, end_ns, out)
    frames = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames",
         "-of", "csv=p=0", out], check=True, capture_output=True, text=True).stdout.strip()
    if frames != str(len(units)):
        sys.exit(f"export: {frames} of {len(units)} pictures")
    print(f"{len(units)} units durable, GOP of {len(gop)}, {size} bytes of MP4 that play")


if __name__ == "__main__":
    main()
