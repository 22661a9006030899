#include "tools/stream_names.h"

#include <algorithm>

namespace reel {

Result<std::vector<StreamInfo>> ChooseStreams(Store& store, const std::vector<std::string>& names) {
  if (names.empty()) return store.Streams();
  std::vector<StreamInfo> streams;
  for (const std::string& name : names) {
    REEL_ASSIGN_OR_RETURN(StreamInfo stream, store.FindStream(name));
    streams.push_back(std::move(stream));
  }
  return streams;
}

std::string WithNames(std::string text, const std::vector<StreamInfo>& streams) {
  constexpr std::string_view kWord = "stream ";
  constexpr size_t kUuidChars = 36;
  for (size_t at = text.find(kWord); at != std::string::npos; at = text.find(kWord, at)) {
    at += kWord.size();
    const auto id = ParseId<StreamId>(std::string_view(text).substr(at, kUuidChars));
    if (!id) continue;
    const auto known = std::find_if(streams.begin(), streams.end(),
                                    [&](const StreamInfo& stream) { return stream.id == *id; });
    if (known != streams.end()) text.replace(at, kUuidChars, "'" + known->name + "'");
  }
  return text;
}

}  // namespace reel
