// What every function of the C ABI is made of: sized structs in and out, a status to fill in, and
// no exception past it. Rules: reel.h.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/edge.h"
#include "reel.h"
#include "reel/node.h"

// A node, and how many runs, cursors and timelines of it there are.
struct reel_node {
  std::unique_ptr<reel::Node> node;
  std::atomic<int> children = 0;

  reel::Store& store() const { return node->store(); }
};

namespace reel::embed {

// Counts as a child of its node while it lives.
class Child {
 public:
  explicit Child(reel_node* node) : node_(node) { ++node_->children; }
  ~Child() { --node_->children; }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  reel_node* node_;
};

// Fills in `out`, if there is one; the code.
int32_t Give(const Status& status, reel_status* out) noexcept;

// The body of one function.
template <class Call>
int32_t Run(reel_status* status, Call&& call) noexcept {
  return Give(AtEdge(std::forward<Call>(call)), status);
}

struct Argument {
  const char* name;
  const void* value;
};
// InvalidArgument names the first one that is NULL.
Status NotNull(std::initializer_list<Argument> arguments);

// InvalidArgument unless a struct that says it has `bytes` can be one of `name`.
Status CheckStructBytes(const char* name, size_t bytes);
Status CheckRestZero(const char* name, const void* given, size_t bytes, size_t known_bytes);

// What the caller gave, the rest of it zero; all of it zero for NULL.
template <class Struct>
Result<Struct> Take(const char* name, const Struct* given) {
  Struct taken{};
  if (given == nullptr) return taken;
  REEL_RETURN_IF_ERROR(CheckStructBytes(name, given->struct_bytes));
  REEL_RETURN_IF_ERROR(CheckRestZero(name, given, given->struct_bytes, sizeof taken));
  std::memcpy(&taken, given, std::min(given->struct_bytes, sizeof taken));
  return taken;
}

// As much of `value` as the caller's struct has room for. REQUIRES: CheckStructBytes.
template <class Struct>
void Put(Struct value, Struct* out) {
  value.struct_bytes = out->struct_bytes;
  std::memcpy(out, &value, std::min(value.struct_bytes, sizeof value));
}

// An enum value of C++ of which `last` is the highest.
template <class Enum>
Result<Enum> Chosen(const char* name, int32_t value, Enum last) {
  if (value < 0 || value > static_cast<int32_t>(last))
    return InvalidArgument(std::string(name) + " is " + std::to_string(value));
  return static_cast<Enum>(value);
}

// Waits are bounded so that no sum of times overflows; a year is for ever.
inline Duration Wait(int64_t wait_ns) {
  return std::clamp<Duration>(Duration{wait_ns}, Duration{0}, std::chrono::hours{24 * 365});
}

template <class Id>
Id ToId(const reel_id& id) {
  Id out;
  std::copy(std::begin(id.bytes), std::end(id.bytes), out.bytes.begin());
  return out;
}

template <class Id>
reel_id FromId(const Id& id) {
  reel_id out;
  std::copy(id.bytes.begin(), id.bytes.end(), std::begin(out.bytes));
  return out;
}

Result<std::vector<TrackInfo>> ToTracks(const reel_track* tracks, size_t count);
// Their configuration stays `tracks`'.
std::vector<reel_track> FromTracks(const std::vector<TrackInfo>& tracks);

reel_gap FromGap(const GapRow& gap);

}  // namespace reel::embed
