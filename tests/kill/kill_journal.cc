#include "tests/kill/kill_journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/io/unique_fd.h"

namespace reel {

namespace {

std::string AcceptedBy(const StintNote& stint) {
  std::string accepted;
  for (uint64_t number = 0; number < kRunUnitsMax; ++number) {
    if (!stint.Accepted(number)) continue;
    const uint64_t begin = number;
    while (number + 1 < kRunUnitsMax && stint.Accepted(number + 1)) ++number;
    accepted.append(" ").append(std::to_string(begin));
    accepted.append("-").append(std::to_string(number));
  }
  return accepted;
}

}  // namespace

std::string TextOf(const KillJournal& journal) {
  std::string text;
  for (uint32_t i = 0; i < journal.stint_count; ++i) {
    const StintNote& stint = journal.stints[i];
    text += "  stint " + std::to_string(i) + ": life " + std::to_string(stint.life) + ", stream " +
            std::to_string(stint.stream) + ", source " + std::to_string(stint.source_seed) +
            ", run " + ToString(stint.run) + ", accepted" + AcceptedBy(stint) + ", durable below " +
            std::to_string(stint.acknowledged) + "\n";
  }
  return text;
}

MappedJournal::MappedJournal(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REEL_CHECK(fd.valid() && ftruncate(fd.get(), sizeof(KillJournal)) == 0, "the journal's file");
  void* const at =
      mmap(nullptr, sizeof(KillJournal), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  REEL_CHECK(at != MAP_FAILED, "the journal's memory");
  journal_ = static_cast<KillJournal*>(at);
}

MappedJournal::~MappedJournal() { munmap(journal_, sizeof(KillJournal)); }

}  // namespace reel
