// The replay server against others' clients and our own: what they get is what it was given.
#include "bench/replay_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "bench/child.h"
#include "bench/replay_stream.h"
#include "bench/replay_verify.h"
#include "server/rtsp/message.h"
#include "server/rtsp/rtcp.h"
#include "tests/ingest/ingest_fixture.h"
#include "tests/io/temp_directory.h"

namespace reel::bench {
namespace {

TraceShape SmallShape() {
  TraceShape shape;
  shape.gops_in_arena = 4;
  return shape;
}

Bytes FileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::unique_ptr<ReplayServer> Serve(const ReplayFootage& footage, uint32_t cameras) {
  auto server = ReplayServer::Start(footage, {cameras, 2, 0});
  EXPECT_TRUE(server.ok()) << server.status().ToString();
  return *std::move(server);
}

// The wire bytes of `pictures` pictures, of which the client takes at most `piece` bytes at a time.
Bytes Wire(ReplayStream* stream, uint64_t pictures, size_t piece) {
  Bytes wire;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): what Gather gives, it has made
  ReplayStream::Scratch scratch;
  while (stream->next_picture() < pictures) {
    size_t taken = 0;
    for (const iovec& part : stream->Gather(&scratch)) {
      const auto* const begin = static_cast<const std::byte*>(part.iov_base);
      const size_t size = std::min(part.iov_len, piece - taken);
      wire.insert(wire.end(), begin, begin + size);
      taken += size;
    }
    stream->Sent(taken);
  }
  return wire;
}

TEST(ReplayStreamTest, PacketsAreNumberedAndTimedWhateverTheClientTakesAtOnce) {
  constexpr uint32_t kCamera = 3;
  // At some fifteen packets each the numbers wrap on the way.
  constexpr uint64_t kPictures = 800;
  const Trace trace(SmallShape());
  const ReplayFootage footage(trace);
  ReplayStream whole(footage, kCamera, 4, {});
  const Bytes wire = Wire(&whole, kPictures, SIZE_MAX);
  ReplayStream in_pieces(footage, kCamera, 4, {});
  EXPECT_EQ(Wire(&in_pieces, kPictures, 1013), wire);

  const ReplayNumbers numbers(kCamera);
  server::MessageReader reader;
  uint16_t sequence = numbers.first_sequence;
  uint64_t pictures = 0;
  for (ByteSpan rest = wire; !rest.empty();) {
    const size_t size = std::min(rest.size(), server::MessageReader::kMinRoomBytes);
    reader.Feed(rest.first(size));
    rest = rest.subspan(size);
    for (;;) {
      const auto message = reader.Next();
      ASSERT_TRUE(message.ok());
      if (!*message) break;
      const auto& frame = std::get<server::InterleavedFrame>(**message);
      EXPECT_EQ(frame.channel, 4);
      const auto packet = server::ParseRtp(frame.bytes);
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->sequence, sequence++);
      EXPECT_EQ(packet->ssrc, numbers.ssrc);
      EXPECT_EQ(packet->timestamp,
                static_cast<uint32_t>(numbers.first_timestamp + 3600U * pictures));
      pictures += packet->marker ? 1U : 0U;
    }
  }
  EXPECT_EQ(pictures, kPictures);
  EXPECT_LT(sequence, numbers.first_sequence) << "the numbers were to wrap";
}

TEST(ReplayStreamTest, ASenderReportTellsWhenAPictureWasTaken) {
  const Trace trace(SmallShape());
  const ReplayFootage footage(trace);
  const MonoTime first{1'000'000'000};
  const WallTime wall{1'795'382'160'250'000'000};
  const ReplayStream stream(footage, 0, 0, first);
  const Bytes frame = stream.SenderReport(first + std::chrono::seconds(2), wall);
  EXPECT_EQ(frame[1], std::byte{1});
  const server::RtcpContent content = server::ParseRtcp(ByteSpan(frame).subspan(4));
  ASSERT_TRUE(content.sender_report);
  const ReplayNumbers numbers(0);
  EXPECT_EQ(content.sender_report->ssrc, numbers.ssrc);
  EXPECT_EQ(content.sender_report->rtp_timestamp, numbers.first_timestamp + 180'000);
  ASSERT_TRUE(content.sender_report->wall);
  EXPECT_LT(std::chrono::abs(*content.sender_report->wall - wall).count(), 10);
}

TEST(ReplayServerTest, FfmpegDecodesThePicturesOfTheFile) {
  const std::string file =
      std::string(REEL_SOURCE_DIR) + "/tests/data/media/m26x-input-30-240p-vp-sps-pps.h264";
  const auto footage = ReplayFootage::OfFile(file);
  ASSERT_TRUE(footage.ok()) << footage.status().ToString();
  const auto server = Serve(*footage, 2);
  const TempDirectory directory;
  const auto decode = [&](std::vector<std::string> source, const std::string& name) {
    std::vector<std::string> command = {"ffmpeg", "-nostdin", "-loglevel", "fatal"};
    command.insert(command.end(), source.begin(), source.end());
    const std::string out = directory.path() + "/" + name;
    // As many as the file has: what comes over and over begins anew behind them.
    for (const char* word : {"-frames:v", "29", "-fps_mode", "passthrough", "-f", "rawvideo"})
      command.emplace_back(word);
    command.push_back(out);
    const auto child = Child::Start(command);
    EXPECT_TRUE(child.ok() && (*child)->Wait().ok());
    return FileBytes(out);
  };
  const Bytes expected = decode({"-i", file}, "file");
  EXPECT_GT(expected.size(), 29U * 400 * 240);
  const std::string url = ReplayServer::UrlOf(server->port(), 1);
  EXPECT_TRUE(decode({"-rtsp_transport", "tcp", "-i", url}, "served") == expected);
}

TEST(ReplayServerTest, GStreamerReceivesTheUnitsOfTheTrace) {
  constexpr uint32_t kCamera = 2;
  constexpr uint64_t kUnits = 60;
  const Trace trace(SmallShape());
  const ReplayFootage footage(trace);
  const auto server = Serve(footage, 3);
  const TempDirectory directory;
  const std::string out = directory.path() + "/units";
  const auto client =
      Child::Start({REEL_TEST_GSTREAMER_CLIENT, ReplayServer::UrlOf(server->port(), kCamera),
                    std::to_string(kUnits), out});
  ASSERT_TRUE(client.ok() && (*client)->Wait().ok());
  Bytes expected;
  for (uint64_t number = 0; number < kUnits; ++number) {
    const ByteSpan unit = trace.Unit(kCamera, number, {}).bytes;
    expected.insert(expected.end(), unit.begin(), unit.end());
  }
  EXPECT_TRUE(FileBytes(out) == expected);
}

class ReplayIngestTest : public server::IngestTest {};

TEST_F(ReplayIngestTest, OurClientRecordsEveryByteOfEveryCamera) {
  constexpr uint32_t kCameras = 12;
  const Trace trace(SmallShape());
  const ReplayFootage footage(trace);
  const auto server = Serve(footage, kCameras);
  StartCameras(2);
  const WallTime begin = clock_.WallNow();
  std::vector<server::CameraConfig> cameras;
  for (uint32_t i = 0; i < kCameras; ++i) {
    const std::string name = "camera" + std::to_string(i);
    cameras.push_back(CameraAt(name, ReplayServer::UrlOf(server->port(), i)));
  }
  Apply(cameras);
  for (uint32_t i = 0; i < kCameras; ++i) ReadWhen(cameras[i].name, 75);
  for (uint32_t i = 0; i < kCameras; ++i) {
    const Status verified = VerifyReplay(*store_, IdOf(cameras[i].name), trace, i, begin, 75);
    EXPECT_TRUE(verified.ok()) << verified.ToString();
    EXPECT_EQ(StatusOf(cameras[i].name).packets_lost, 0U);
    EXPECT_FALSE(VerifyReplay(*store_, IdOf(cameras[i].name), trace, i + 1, begin, 75).ok());
  }
}

TEST_F(ReplayIngestTest, AClientThatAsksForWhatIsNotThereIsToldSo) {
  const Trace trace(SmallShape());
  const ReplayFootage footage(trace);
  const auto server = Serve(footage, 1);
  StartCameras();
  server::CameraConfig by_udp = CameraAt("udp", ReplayServer::UrlOf(server->port(), 0));
  by_udp.transport = server::Transport::kUdp;
  Apply({CameraAt("other", ReplayServer::UrlOf(server->port(), 1)), by_udp});
  EXPECT_TRUE(AwaitTrouble("other", "404"));
  EXPECT_TRUE(AwaitTrouble("udp", "461"));
}

}  // namespace
}  // namespace reel::bench
