#include "tests/tools/footage.h"

#include <gtest/gtest.h>

#include "engine/av/source.h"

namespace reel {

std::vector<PlainUnit> UnitsOfFile(const std::string& path, uint64_t count) {
  std::vector<PlainUnit> units;
  while (units.size() < count) {
    const auto source = OpenMediaFile(path);
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    if (!source.ok()) return units;
    const size_t before = units.size();
    while (units.size() < count) {
      const Result<std::optional<SourceUnit>> unit = (*source)->Next();
      if (!unit.ok() || !*unit) break;
      units.push_back({UnitNumber{units.size()}, (*unit)->track,
                       Bytes((*unit)->bytes.begin(), (*unit)->bytes.end())});
    }
    if (units.size() == before) return units;
  }
  return units;
}

std::vector<PlainUnit> UnitsOfStream(Store& store, const std::string& stream) {
  std::vector<PlainUnit> units;
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
    if (item->kind == ItemKind::kUnit) {
      units.push_back({item->unit.number, item->unit.track, std::move(item->unit.bytes)});
    }
  }
}

}  // namespace reel
