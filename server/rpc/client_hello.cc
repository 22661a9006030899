#include "server/rpc/client_hello.h"

#include <optional>

namespace reel::server {
namespace {

constexpr uint8_t kHandshake = 22;
constexpr uint8_t kClientHello = 1;
constexpr uint16_t kSupportedVersions = 43;
constexpr uint16_t kTls13 = 0x0304;
constexpr size_t kRecordHead = 5;
constexpr size_t kMessageHead = 4;

// Big endian; a read past the end makes ok() false for good and gives nothing.
class Reader {
 public:
  explicit Reader(ByteSpan bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  uint32_t Number(size_t size) {
    uint32_t value = 0;
    for (const std::byte byte : Take(size)) value = value << 8 | std::to_integer<uint32_t>(byte);
    return value;
  }
  ByteSpan Take(size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const ByteSpan taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  // A vector behind its length of `length_size` bytes.
  ByteSpan Vector(size_t length_size) { return Take(Number(length_size)); }

 private:
  ByteSpan rest_;
  bool ok_ = true;
};

bool Offers13(ByteSpan hello) {
  Reader reader(hello);
  (void)reader.Take(2 + 32);  // legacy_version, random
  (void)reader.Vector(1);     // legacy_session_id
  (void)reader.Vector(2);     // cipher_suites
  (void)reader.Vector(1);     // legacy_compression_methods
  Reader extensions(reader.Vector(2));
  if (!reader.ok() || !reader.at_end()) return false;
  while (extensions.ok() && !extensions.at_end()) {
    const uint32_t type = extensions.Number(2);
    Reader extension(extensions.Vector(2));
    if (!extensions.ok() || type != kSupportedVersions) continue;
    Reader versions(extension.Vector(1));
    while (versions.ok() && !versions.at_end()) {
      if (versions.Number(2) == kTls13) return versions.ok();
    }
    return false;
  }
  return false;
}

}  // namespace

Hello ReadClientHello(ByteSpan bytes) {
  // The message may be cut into several records: their contents are put together.
  Bytes message;
  std::optional<size_t> wanted;
  while (!wanted || message.size() < *wanted) {
    if (!bytes.empty() && std::to_integer<uint8_t>(bytes[0]) != kHandshake) return Hello::kRefuse;
    if (bytes.size() >= 2 && std::to_integer<uint8_t>(bytes[1]) != 3) return Hello::kRefuse;
    if (bytes.size() < kRecordHead) return Hello::kMore;
    const size_t size = Reader(bytes.subspan(3)).Number(2);
    if (size == 0 || message.size() + size > kMaxClientHello) return Hello::kRefuse;
    const size_t before = message.size();
    bytes = bytes.subspan(kRecordHead);
    const ByteSpan content = bytes.first(std::min(size, bytes.size()));
    message.insert(message.end(), content.begin(), content.end());
    if (!wanted && message.size() >= kMessageHead) {
      if (std::to_integer<uint8_t>(message[0]) != kClientHello) return Hello::kRefuse;
      wanted = kMessageHead + Reader(ByteSpan(message).subspan(1)).Number(3);
      if (*wanted > kMaxClientHello) return Hello::kRefuse;
    }
    // Nothing may stand behind it in its record.
    if (wanted && before + size > *wanted) return Hello::kRefuse;
    if (content.size() < size) return Hello::kMore;
    bytes = bytes.subspan(size);
  }
  return Offers13(ByteSpan(message).subspan(kMessageHead)) ? Hello::kTls13 : Hello::kRefuse;
}

}  // namespace reel::server
