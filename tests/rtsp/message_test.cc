// RTSP messages: what we write reads back, whole or in pieces; what is too large or no RTSP ends
// it.
#include "server/rtsp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/bytes.h"
#include "tests/media/footage.h"

namespace reel::server {
namespace {

// One line per message, and the error that ended it.
std::string Told(ByteSpan bytes, size_t piece_bytes) {
  MessageReader reader;
  std::string told;
  while (!bytes.empty()) {
    const ByteSpan piece = bytes.first(std::min(piece_bytes, bytes.size()));
    bytes = bytes.subspan(piece.size());
    reader.Feed(piece);
    for (;;) {
      const Result<std::optional<Message>> message = reader.Next();
      if (!message.ok()) return told + message.status().message();
      if (!*message) break;
      if (const auto* frame = std::get_if<InterleavedFrame>(&**message)) {
        told += "$" + std::to_string(frame->channel) + " " + std::string(AsText(frame->bytes));
      } else if (const auto* request = std::get_if<Request>(&**message)) {
        told += request->method + " " + request->url + " " + request->body;
      } else {
        const auto& response = std::get<Response>(**message);
        told += std::to_string(response.code) + " " + response.reason + " " + response.body;
      }
      told += "\n";
    }
  }
  return told;
}
std::string Told(std::string_view text, size_t piece_bytes = MessageReader::kMinRoomBytes) {
  return Told(AsBytes(text), piece_bytes);
}

TEST(MessageTest, WhatIsWrittenReadsBackInPiecesOfAnySize) {
  Request request{"PLAY", "rtsp://cam/live", {}, "a body"};
  request.headers.Add("CSeq", "7");
  Bytes bytes;
  const auto put = [&bytes](std::string_view text) {
    bytes.insert(bytes.end(), AsBytes(text).begin(), AsBytes(text).end());
  };
  put(WriteMessage(request));
  AppendInterleaved(3, AsBytes("frame"), &bytes);
  AppendInterleaved(200, {}, &bytes);
  put(WriteMessage(Response{200, "OK", {}, ""}));
  AppendInterleaved(0, Bytes(65'535, std::byte{'x'}), &bytes);
  const std::string whole = Told(bytes, MessageReader::kMinRoomBytes);
  EXPECT_EQ(whole, "PLAY rtsp://cam/live a body\n$3 frame\n$200 \n200 OK \n$0 " +
                       std::string(65'535, 'x') + "\n");
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{1000}})
    EXPECT_EQ(Told(bytes, piece), whole);
}

TEST(MessageTest, IsLenientAsCamerasNeed) {
  MessageReader reader;
  reader.Feed(AsBytes("\r\n\r\nRTSP/1.0 200 OK\ncseq:5\nX-Long: a\n\t b\n\n"));
  const auto message = reader.Next();
  ASSERT_TRUE(message.ok() && *message) << message.status().ToString();
  const auto& response = std::get<Response>(**message);
  EXPECT_EQ(response.headers.Find("CSeq"), "5");
  EXPECT_EQ(response.headers.Find("x-long"), "a b");
  EXPECT_EQ(Told("RTSP/1.0 200\r\n\r\n"), "200  \n");
}

TEST(MessageTest, WhatIsNoRtspEndsIt) {
  const std::string head = "RTSP/1.0 200 OK\r\n";
  EXPECT_THAT(Told("\x16\x03\x01 TLS"), testing::HasSubstr("neither"));
  EXPECT_THAT(Told("HTTP/1.1 200 OK\r\n\r\n"), testing::HasSubstr("neither"));
  EXPECT_THAT(Told("RTSP/1.0 99 OK\r\n\r\n"), testing::HasSubstr("status"));
  EXPECT_THAT(Told("RTSP/1.0 2000 OK\r\n\r\n"), testing::HasSubstr("status"));
  EXPECT_THAT(Told(head + "no colon\r\n\r\n"), testing::HasSubstr("without a name"));
  EXPECT_THAT(Told(head + "Content-Length: -1\r\n\r\n"), testing::HasSubstr("no number"));
  EXPECT_THAT(Told(head + "Content-Length: 65537\r\n\r\n"), testing::HasSubstr("65537"));
  EXPECT_THAT(Told(head + "a: b\rc: d\r\n\r\n"), testing::HasSubstr("control character"));
  EXPECT_THAT(Told(head + std::string("a: \0\r\n\r\n", 8)),
              testing::HasSubstr("control character"));
  std::string many = head;
  for (int i = 0; i < 65; ++i) many += "a: b\r\n";
  EXPECT_THAT(Told(many + "\r\n"), testing::HasSubstr("64 headers"));
  EXPECT_THAT(Told(head + "a: " + std::string(17'000, 'x'), 1000),
              testing::HasSubstr("without an end"));
}

TEST(MessageTest, ReadsTheAnswersOfRealCamerasAndNeedsEveryByteOfThem) {
  int seen = 0;
  for (const char* camera : {"bunny", "dahua", "foscam", "gw_main", "h264dvr", "hikvision",
                             "reolink", "vstarcam", "dahua_describe_h265_pcma"}) {
    std::string name = std::string("retina-") + camera;
    if (name.find("describe") == std::string::npos) {
      name += name.ends_with("dahua") ? "_describe_h264_aac_onvif" : "_describe";
    }
    const Bytes bytes = ReadFootage(name + ".txt");
    if (bytes.empty()) continue;
    ++seen;
    EXPECT_THAT(Told(bytes, 100), testing::HasSubstr("m=video")) << name;
    EXPECT_EQ(Told(ByteSpan(bytes).first(bytes.size() - 3), 100), "") << name;
  }
  if (seen == 0) GTEST_SKIP() << "no answers of cameras in this checkout";
  EXPECT_EQ(seen, 9);
}

}  // namespace
}  // namespace reel::server
