#include "tests/tools/footage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/av/source.h"

namespace reel {
namespace {

// The next unit of the file, from its beginning again at its end.
class EndlessFile {
 public:
  explicit EndlessFile(std::string path) : path_(std::move(path)) {}

  std::optional<SourceUnit> Next() {
    for (int tries = 0; tries < 2; ++tries) {
      if (source_ != nullptr) {
        const Result<std::optional<SourceUnit>> unit = source_->Next();
        if (unit.ok() && *unit) return *unit;
      }
      auto opened = OpenMediaFile(path_);
      EXPECT_TRUE(opened.ok()) << opened.status().ToString();
      if (!opened.ok()) return std::nullopt;
      source_ = *std::move(opened);
    }
    return std::nullopt;
  }

 private:
  const std::string path_;
  std::unique_ptr<MediaSource> source_;
};

}  // namespace

std::vector<Unit> ReadStream(Store& store, const std::string& stream) {
  std::vector<Unit> units;
  const Result<StreamInfo> info = store.FindStream(stream);
  EXPECT_TRUE(info.ok()) << info.status().ToString();
  if (!info.ok()) return units;
  const auto cursor = store.Read(info->id, {});
  EXPECT_TRUE(cursor.ok()) << cursor.status().ToString();
  if (!cursor.ok()) return units;
  for (;;) {
    Result<Item> item = (*cursor)->Next();
    EXPECT_TRUE(item.ok()) << item.status().ToString();
    if (!item.ok() || item->kind == ItemKind::kEnd) return units;
    EXPECT_NE(item->kind, ItemKind::kDamage) << item->status.ToString();
    if (item->kind == ItemKind::kUnit) units.push_back(std::move(item->unit));
  }
}

void ExpectUnitsOfFile(const std::vector<Unit>& units, const std::string& path) {
  EndlessFile file(path);
  for (size_t i = 0; i < units.size(); ++i) {
    const std::optional<SourceUnit> expected = file.Next();
    ASSERT_TRUE(expected) << path;
    ASSERT_EQ(units[i].number, UnitNumber{i});
    ASSERT_EQ(units[i].track, expected->track) << "unit " << i;
    ASSERT_TRUE(std::equal(units[i].bytes.begin(), units[i].bytes.end(), expected->bytes.begin(),
                           expected->bytes.end()))
        << "unit " << i;
  }
}

}  // namespace reel
