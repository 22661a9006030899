// RTSP/1.0 messages: writing requests, and reading what a camera sends: responses, requests of its
// own, and interleaved frames (RTP and RTCP in the RTSP connection).
//
//   reader.Room() ... read(2) into it ... reader.Filled(n);
//   for (;;) {
//     Result<std::optional<Message>> message = reader.Next();
//     if (!message.ok()) close the connection: behind the first fault nothing can be trusted
//     if (!*message) break;
//   }
//
// Lenient where cameras are known to be: bare line feeds, blank lines between messages, folded
// headers, header names in any case. Strict in sizes.
// Bounds: kMaxHeadBytes of request or status line and headers, kMaxHeaders of them, kMaxBodyBytes,
// 65,535 bytes a frame. Memory: kMaxHeadBytes + kMaxBodyBytes + kMinRoomBytes; none between
// messages, but what is spare of its thread (spare_buffers.h).
// Thread rule: one thread at a time; the rest are values.
// Source: RFC 2326 (4, 6, 7, 10.12, 12).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reel/status.h"
#include "reel/types.h"

namespace reel::server {

struct Header {
  std::string name;
  std::string value;
};

class Headers {
 public:
  void Add(std::string name, std::string value) {
    list_.push_back({std::move(name), std::move(value)});
  }
  // The first of that name, in any case.
  std::optional<std::string_view> Find(std::string_view name) const;
  // All of that name, in order.
  std::vector<std::string_view> FindAll(std::string_view name) const;
  const std::vector<Header>& list() const { return list_; }
  std::vector<Header>& list() { return list_; }

 private:
  std::vector<Header> list_;
};

struct Request {
  std::string method;
  std::string url;
  Headers headers;
  std::string body;
};

struct Response {
  int code = 0;  // 100..599
  std::string reason;
  Headers headers;
  std::string body;
};

// `bytes` are valid until the reader is touched again.
struct InterleavedFrame {
  uint8_t channel = 0;
  ByteSpan bytes;
};

using Message = std::variant<Request, Response, InterleavedFrame>;

// With Content-Length where there is a body. REQUIRES: no line breaks in method, url or headers.
std::string WriteMessage(const Request& request);
std::string WriteMessage(const Response& response);
// REQUIRES: bytes.size() <= 65535.
void AppendInterleaved(uint8_t channel, ByteSpan bytes, Bytes* out);

class MessageReader {
 public:
  static constexpr size_t kMaxHeadBytes = 16U << 10;
  static constexpr size_t kMaxHeaders = 64;
  static constexpr size_t kMaxBodyBytes = 64U << 10;
  static constexpr size_t kMinRoomBytes = 16U << 10;

  // Where to put what comes next; at least kMinRoomBytes. REQUIRES: Next() gave nullopt since the
  // last Filled().
  MutableByteSpan Room();
  void Filled(size_t bytes) { end_ += bytes; }
  // The same with a copy, of at most kMinRoomBytes at a time.
  void Feed(ByteSpan bytes);

  // The next message; nullopt if more bytes are needed. InvalidArgument says what is wrong, and
  // comes again.
  Result<std::optional<Message>> Next();

 private:
  ByteSpan rest() const { return ByteSpan(buffer_).subspan(begin_, end_ - begin_); }
  std::optional<Message> TakeFrame();
  Result<std::optional<Message>> TakeText();
  Status Fail(std::string message);

  Bytes buffer_;
  size_t begin_ = 0;         // of what has not been taken, in buffer_
  size_t end_ = 0;           // of what has come
  size_t scanned_ = 0;       // of rest(): no end of a head begins before it
  size_t wanted_bytes_ = 0;  // of the message that begins rest(), once its head has been read
  Status failed_;
};

}  // namespace reel::server
