#include "engine/av/elementary_reader.h"

#include <functional>
#include <utility>

#include "engine/av/input_file.h"

namespace reel {
namespace {

constexpr size_t kPieceBytes = 256U << 10;

class ElementaryReader final : public PacketReader {
 public:
  using Input = std::function<Result<size_t>(uint64_t offset_bytes, MutableByteSpan room)>;

  ElementaryReader(Input input, Codec codec) : input_(std::move(input)), piece_(kPieceBytes) {
    PacketTrack track;
    track.info.codec = codec;
    track.framing = PacketFraming::kElementary;
    track.times = PacketTimes::kNone;
    tracks_.push_back(std::move(track));
  }

  const std::vector<PacketTrack>& tracks() const override { return tracks_; }
  const std::vector<std::string>& notes() const override { return notes_; }

  Result<std::optional<Packet>> Read() override {
    REEL_ASSIGN_OR_RETURN(const size_t got, input_(at_bytes_, piece_));
    if (got == 0) return std::optional<Packet>();
    Packet packet;
    packet.bytes = ByteSpan(piece_).first(got);
    packet.offset_bytes = at_bytes_;
    at_bytes_ += got;
    return std::optional(packet);
  }

 private:
  Input input_;
  Bytes piece_;
  uint64_t at_bytes_ = 0;
  std::vector<PacketTrack> tracks_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<std::unique_ptr<PacketReader>> OpenElementary(const std::string& path, Codec codec) {
  REEL_ASSIGN_OR_RETURN(InputFile opened, InputFile::Open(path));
  const auto file = std::make_shared<InputFile>(std::move(opened));
  const auto read = [file](uint64_t offset_bytes, MutableByteSpan room) {
    return file->ReadAt(offset_bytes, room);
  };
  return std::unique_ptr<PacketReader>(std::make_unique<ElementaryReader>(read, codec));
}

std::unique_ptr<PacketReader> ElementaryOf(PipeInput& pipe, Codec codec) {
  const auto read = [&pipe](uint64_t /*offset_bytes*/, MutableByteSpan room) {
    return pipe.Read(room);
  };
  return std::make_unique<ElementaryReader>(read, codec);
}

}  // namespace reel
