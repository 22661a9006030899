#include "engine/av/elementary_reader.h"

#include <utility>

#include "engine/av/input_file.h"

namespace reel {
namespace {

constexpr size_t kPieceBytes = 256U << 10;

class ElementaryReader final : public PacketReader {
 public:
  ElementaryReader(InputFile file, Codec codec) : file_(std::move(file)), piece_(kPieceBytes) {
    PacketTrack track;
    track.info.codec = codec;
    track.framing = PacketFraming::kElementary;
    track.times = PacketTimes::kNone;
    tracks_.push_back(std::move(track));
  }

  const std::vector<PacketTrack>& tracks() const override { return tracks_; }
  const std::vector<std::string>& notes() const override { return notes_; }

  Result<std::optional<Packet>> Read() override {
    REEL_ASSIGN_OR_RETURN(const size_t got, file_.ReadAt(at_bytes_, piece_));
    if (got == 0) return std::optional<Packet>();
    Packet packet;
    packet.bytes = ByteSpan(piece_).first(got);
    packet.offset_bytes = at_bytes_;
    at_bytes_ += got;
    return std::optional(packet);
  }

 private:
  InputFile file_;
  Bytes piece_;
  uint64_t at_bytes_ = 0;
  std::vector<PacketTrack> tracks_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<std::unique_ptr<PacketReader>> OpenElementary(const std::string& path, Codec codec) {
  REEL_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  return std::unique_ptr<PacketReader>(std::make_unique<ElementaryReader>(std::move(file), codec));
}

}  // namespace reel
