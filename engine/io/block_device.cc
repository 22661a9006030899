#include "engine/io/block_device.h"

#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>

namespace reel {
namespace {

constexpr uint64_t kMaxStripeBytes = uint64_t{64} << 20;  // beyond it sysfs is talking nonsense
constexpr uint64_t kBlockBytes = 4096;

std::string ReadWord(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

uint64_t ReadNumber(const std::string& path) {
  std::ifstream file(path);
  uint64_t number = 0;
  file >> number;
  return file ? number : 0;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

bool KeepsParity(const std::string& device) {
  const std::string level = ReadWord(device + "/md/level");
  return level == "raid4" || level == "raid5" || level == "raid6" || Exists(device + "/dm");
}

}  // namespace

BlockFacts ReadBlockFacts(const std::string& sysfs_dev_block, dev_t device) {
  std::string path =
      sysfs_dev_block + "/" + std::to_string(major(device)) + ":" + std::to_string(minor(device));
  // The queue belongs to the whole disk, which is the directory above a partition's.
  if (Exists(path + "/partition")) path += "/..";
  BlockFacts facts;
  facts.rotational = ReadNumber(path + "/queue/rotational") == 1;
  const uint64_t chunk = ReadNumber(path + "/queue/minimum_io_size");
  const uint64_t stripe = ReadNumber(path + "/queue/optimal_io_size");
  const bool plausible = stripe > chunk && stripe <= kMaxStripeBytes && stripe % kBlockBytes == 0;
  if (plausible && KeepsParity(path)) facts.parity_stripe_bytes = static_cast<uint32_t>(stripe);
  return facts;
}

}  // namespace reel
