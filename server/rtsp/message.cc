#include "server/rtsp/message.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "server/rtsp/spare_buffers.h"
#include "server/rtsp/text.h"

namespace reel::server {
namespace {

constexpr std::string_view kVersion = "RTSP/1.0";
constexpr size_t kFrameHeadBytes = 4;
constexpr size_t kFirstBufferBytes = 32U << 10;

// Of readers that wait for the next byte.
thread_local SpareBuffers spare;

std::string WriteRest(std::string head, const Headers& headers, const std::string& body) {
  for (const Header& header : headers.list()) {
    REEL_CHECK((header.name + header.value).find_first_of("\r\n") == std::string::npos,
               "a header is one line");
    head += header.name + ": " + header.value + "\r\n";
  }
  if (!body.empty()) head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return head + "\r\n" + body;
}

// Where the head that begins `text` ends, behind its blank line; nullopt: not yet.
std::optional<size_t> EndOfHead(std::string_view text, size_t from) {
  for (size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    const std::string_view behind = text.substr(at + 1);
    if (behind.starts_with('\n')) return at + 2;
    if (behind.starts_with("\r\n")) return at + 3;
  }
  return std::nullopt;
}

// Besides tabs and line ends. What passes can be sent back to the camera in a line of a request.
bool HasControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool line_end = text[i] == '\n' || (text[i] == '\r' && text.substr(i + 1, 1) == "\n");
    if (IsControl(text[i]) && !line_end) return true;
  }
  return false;
}

Status ParseHeaders(std::string_view lines, Headers* headers) {
  while (!lines.empty()) {
    std::string_view line = TakeUntil(&lines, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (IsBlank(line.front())) {  // folded: goes on with the header before
      if (headers->list().empty()) return InvalidArgument("headers begin with a folded line");
      headers->list().back().value += ' ' + std::string(Trim(line));
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return InvalidArgument("a header without a name");
    }
    if (headers->list().size() == MessageReader::kMaxHeaders) {
      return InvalidArgument("more than " + std::to_string(MessageReader::kMaxHeaders) +
                             " headers");
    }
    headers->Add(std::string(Trim(line.substr(0, colon))),
                 std::string(Trim(line.substr(colon + 1))));
  }
  return OkStatus();
}

Result<size_t> BodyBytes(const Headers& headers) {
  const std::optional<std::string_view> text = headers.Find("Content-Length");
  if (!text) return size_t{0};
  const std::optional<size_t> size = ParseNumber<size_t>(*text);
  if (!size) return InvalidArgument("Content-Length is no number");
  if (*size > MessageReader::kMaxBodyBytes) {
    return InvalidArgument("a body of " + std::to_string(*size) + " bytes, at most " +
                           std::to_string(MessageReader::kMaxBodyBytes));
  }
  return *size;
}

Result<Response> ParseStatusLine(std::string_view line) {
  TakeUntil(&line, ' ');  // the version: 1.0, whatever a camera calls it
  line = Trim(line);
  const std::string_view code_text = line.substr(0, 3);
  const std::optional<uint16_t> code = ParseNumber<uint16_t>(code_text);
  const bool ends = line.size() == 3 || (line.size() > 3 && IsBlank(line[3]));
  if (!code || *code < 100 || *code > 599 || !ends) {
    return InvalidArgument("a status line without a status");
  }
  Response response;
  response.code = *code;
  response.reason = std::string(Trim(line.substr(3)));
  return response;
}

Result<Request> ParseRequestLine(std::string_view line) {
  Request request;
  request.method = std::string(TakeUntil(&line, ' '));
  const bool is_word = std::all_of(request.method.begin(), request.method.end(),
                                   [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  request.url = std::string(TakeUntil(&line, ' '));
  if (!is_word || request.method.empty() || request.url.empty() ||
      !StartsIgnoringCase(line, "RTSP/")) {
    return InvalidArgument("neither a response, nor a request, nor a frame");
  }
  return request;
}

}  // namespace

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (const Header& header : list_) {
    if (EqualsIgnoringCase(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::FindAll(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header& header : list_) {
    if (EqualsIgnoringCase(header.name, name)) values.emplace_back(header.value);
  }
  return values;
}

std::string WriteMessage(const Request& request) {
  return WriteRest(request.method + " " + request.url + " " + std::string(kVersion) + "\r\n",
                   request.headers, request.body);
}

std::string WriteMessage(const Response& response) {
  return WriteRest(
      std::string(kVersion) + " " + std::to_string(response.code) + " " + response.reason + "\r\n",
      response.headers, response.body);
}

void AppendInterleaved(uint8_t channel, ByteSpan bytes, Bytes* out) {
  REEL_CHECK(bytes.size() <= 0xFFFF, "a frame's length has 16 bits");
  for (const size_t value :
       {size_t{'$'}, size_t{channel}, bytes.size() >> 8, bytes.size() & 0xFF}) {
    out->push_back(static_cast<std::byte>(value));
  }
  out->insert(out->end(), bytes.begin(), bytes.end());
}

MutableByteSpan MessageReader::Room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.empty()) buffer_ = spare.Take();
  if (buffer_.size() - end_ < kMinRoomBytes && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (buffer_.size() - end_ < kMinRoomBytes) {
    buffer_.resize(std::max(kFirstBufferBytes, end_ + kMinRoomBytes));
  }
  return MutableByteSpan(buffer_).subspan(end_);
}

void MessageReader::Feed(ByteSpan bytes) {
  const MutableByteSpan room = Room();
  REEL_CHECK(bytes.size() <= room.size(), "a piece fits the room there is");
  std::copy(bytes.begin(), bytes.end(), room.begin());
  Filled(bytes.size());
}

Result<std::optional<Message>> MessageReader::Next() {
  if (!failed_.ok()) return failed_;
  while (begin_ < end_ && scanned_ == 0 && (AsText(rest())[0] == '\r' || AsText(rest())[0] == '\n'))
    ++begin_;
  if (begin_ == end_) {
    spare.Give(std::exchange(buffer_, {}));
    begin_ = end_ = 0;
    return std::optional<Message>();
  }
  if (AsText(rest())[0] == '$') return TakeFrame();
  return TakeText();
}

std::optional<Message> MessageReader::TakeFrame() {
  const ByteSpan bytes = rest();
  if (bytes.size() < kFrameHeadBytes) return std::nullopt;
  const size_t size = std::to_integer<size_t>(bytes[2]) << 8 | std::to_integer<size_t>(bytes[3]);
  if (bytes.size() - kFrameHeadBytes < size) return std::nullopt;
  begin_ += kFrameHeadBytes + size;
  return InterleavedFrame{std::to_integer<uint8_t>(bytes[1]), bytes.subspan(kFrameHeadBytes, size)};
}

Result<std::optional<Message>> MessageReader::TakeText() {
  const std::string_view text = AsText(rest());
  if (text.size() < wanted_bytes_) return std::optional<Message>();
  if (text[0] < 'A' || text[0] > 'Z') {
    return Fail("neither a response, nor a request, nor a frame");
  }
  const std::optional<size_t> head_end = EndOfHead(text.substr(0, kMaxHeadBytes), scanned_);
  if (!head_end) {
    if (text.size() >= kMaxHeadBytes) return Fail("a message head without an end");
    scanned_ = text.size() < 2 ? 0 : text.size() - 2;
    return std::optional<Message>();
  }
  std::string_view lines = text.substr(0, *head_end);
  if (HasControlCharacter(lines)) return Fail("a control character in a message head");
  const std::string_view first = Trim(TakeUntil(&lines, '\n'));
  Headers headers;
  if (const Status status = ParseHeaders(lines, &headers); !status.ok()) {
    return Fail(status.message());
  }
  const Result<size_t> body_bytes = BodyBytes(headers);
  if (!body_bytes.ok()) return Fail(body_bytes.status().message());
  if (text.size() - *head_end < *body_bytes) {
    wanted_bytes_ = *head_end + *body_bytes;
    return std::optional<Message>();
  }
  std::string body(text.substr(*head_end, *body_bytes));
  const auto finish = [&](auto message) -> Result<std::optional<Message>> {
    if (!message.ok()) return Fail(message.status().message());
    message->headers = std::move(headers);
    message->body = std::move(body);
    begin_ += *head_end + *body_bytes;
    scanned_ = wanted_bytes_ = 0;
    return std::optional<Message>(std::move(*message));
  };
  return StartsIgnoringCase(first, "RTSP/") ? finish(ParseStatusLine(first))
                                            : finish(ParseRequestLine(first));
}

Status MessageReader::Fail(std::string message) {
  failed_ = InvalidArgument("RTSP: " + std::move(message));
  return failed_;
}

}  // namespace reel::server
