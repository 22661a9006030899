#include "engine/volume/segment_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <utility>

#include "engine/base/aligned.h"
#include "engine/base/check.h"
#include "engine/base/edge.h"
#include "engine/io/transfer.h"
#include "engine/segment/geometry.h"

namespace reel {
namespace {

constexpr std::string_view kPrefix = "segment-";
constexpr uint64_t kSerialsSkipped = 1U << 20;

std::optional<uint32_t> FileNumberOf(std::string_view name) {
  if (name.size() != kPrefix.size() + 8 || name.substr(0, kPrefix.size()) != kPrefix)
    return std::nullopt;
  uint32_t number = 0;
  for (const char c : name.substr(kPrefix.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint32_t>(c - '0');
  }
  return number;
}

bool IsFree(const LifeReading& reading) {
  return reading.kind == LifeReading::Kind::kUnused ||
         reading.header.state == format::LifeState::kFree;
}

}  // namespace

SegmentPool::SegmentPool(Disk& disk, Clock& clock, Random& random, const Options& options)
    : disk_(disk), clock_(clock), random_(random), options_(options) {}

std::string SegmentPool::NameOf(uint32_t file_number) {
  char name[32];
  std::snprintf(name, sizeof name, "segment-%08u", file_number);
  return name;
}

Result<std::shared_ptr<File>> SegmentPool::FileOf(uint32_t file_number) {
  {
    const std::lock_guard lock(mutex_);
    if (std::shared_ptr<File> open = files_[file_number].file.lock()) return open;
  }
  REEL_ASSIGN_OR_RETURN(
      std::unique_ptr<File> opened,
      disk_.Open(NameOf(file_number), read_only_ ? OpenMode::kReadOnly : OpenMode::kReadWrite));
  const std::lock_guard lock(mutex_);
  std::shared_ptr<File> file = std::move(opened);
  files_[file_number].file = file;
  return file;
}

// A hundred thousand files wait for a hundred thousand reads: side by side, on a device that can.
std::vector<Result<LifeReading>> SegmentPool::ReadLives(const std::vector<uint32_t>& numbers) {
  std::vector<Result<LifeReading>> readings(numbers.size(), Result<LifeReading>(LifeReading{}));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < numbers.size(); i = next++) {
      const Result<std::shared_ptr<File>> file = FileOf(numbers[i]);
      readings[i] =
          file.ok() ? ReadLife(**file, options_.granule_bytes) : Result<LifeReading>(file.status());
    }
  };
  std::vector<std::jthread> helpers;  // joined also where one of them cannot be started
  const size_t threads = std::min<size_t>(options_.scan_threads, numbers.size());
  helpers.reserve(threads);
  for (size_t i = 1; i < threads; ++i) {
    helpers.emplace_back([&] { AtEdgeOrDie("SegmentPool::ReadLives", work); });
  }
  work();
  helpers.clear();
  return readings;
}

Status SegmentPool::Scan(bool read_only, std::vector<std::string>* notes) {
  read_only_ = read_only;
  REEL_ASSIGN_OR_RETURN(const std::vector<std::string> names, disk_.List());
  std::vector<uint32_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = FileNumberOf(name)) numbers.push_back(*number);
  }
  std::vector<Result<LifeReading>> readings = ReadLives(numbers);
  bool any_damaged = false;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const std::string name = NameOf(numbers[i]);
    Result<LifeReading>& reading = readings[i];
    if (!reading.ok() && reading.status().code() == Code::kFailedPrecondition) {
      return reading.status().WithContext(disk_.description() + "/" + name);
    }
    if (!reading.ok()) {
      notes->push_back(name + ": " + reading.status().message());
      reading = LifeReading{LifeReading::Kind::kDamaged, {}};
    }
    if (reading->kind == LifeReading::Kind::kKnown && reading->header.volume != options_.volume) {
      notes->push_back(name + " belongs to volume " + ToString(reading->header.volume) +
                       ": left alone");
      reading->kind = LifeReading::Kind::kDamaged;
    }
    Note(numbers[i], *reading, notes);
    any_damaged = any_damaged || reading->kind == LifeReading::Kind::kDamaged;
  }
  // One that cannot be read may hold the latest serial (L1).
  if (any_damaged) last_serial_ = {last_serial_.value + kSerialsSkipped};
  return OkStatus();
}

void SegmentPool::Note(uint32_t file_number, const LifeReading& reading,
                       std::vector<std::string>* notes) {
  const std::lock_guard lock(mutex_);
  Entry& entry = files_[file_number];
  entry.header = reading.header;
  entry.pin = std::make_shared<int>(0);
  if (reading.kind == LifeReading::Kind::kDamaged) {
    entry.state = FileState::kDamaged;
    notes->push_back(NameOf(file_number) + ": neither copy of its header can be read; kept aside");
    return;
  }
  last_serial_ = std::max(last_serial_, reading.header.serial);
  entry.state = IsFree(reading) ? FileState::kFree : FileState::kBroken;
  if (entry.state == FileState::kBroken) by_serial_[reading.header.serial] = file_number;
}

SegmentPool::Entry& SegmentPool::InState(SegmentSerial serial, FileState from) {
  const auto at = by_serial_.find(serial);
  REEL_CHECK(at != by_serial_.end(), "L2: a life on this volume");
  Entry& entry = files_[at->second];
  REEL_CHECK(entry.state == from, "L2: states change in order");
  return entry;
}

void SegmentPool::TrustSealed(SegmentSerial serial) {
  const std::lock_guard lock(mutex_);
  InState(serial, FileState::kBroken).state = FileState::kSealed;
}

std::optional<SegmentPool::Spare> SegmentPool::TakeSpare(ClassId retention_class) {
  const std::lock_guard lock(mutex_);
  for (auto at = spare_files_.begin(); at != spare_files_.end(); ++at) {
    const uint32_t number = at->first;
    Entry& entry = files_[number];
    if (entry.header.retention_class != retention_class) continue;
    std::shared_ptr<File> file = std::move(at->second);
    entry.state = FileState::kOpen;
    by_serial_[entry.header.serial] = number;
    spare_files_.erase(at);
    return Spare{entry.header, std::move(file)};
  }
  return std::nullopt;
}

bool SegmentPool::HasSpare(ClassId retention_class) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(spare_files_.begin(), spare_files_.end(), [&](const auto& spare) {
    return files_.at(spare.first).header.retention_class == retention_class;
  });
}

bool SegmentPool::HasSpare() const {
  const std::lock_guard lock(mutex_);
  return !spare_files_.empty();
}

bool SegmentPool::FreeSpare() {
  uint32_t file_number = 0;
  std::shared_ptr<File> file;
  {
    const std::lock_guard lock(mutex_);
    if (spare_files_.empty()) return false;
    file_number = spare_files_.begin()->first;
    file = spare_files_.begin()->second;
    spare_files_.erase(spare_files_.begin());
    files_[file_number].state = FileState::kRecycling;
  }
  // On failure the file is kept aside until the next opening.
  (void)Free(file_number);
  return true;
}

Result<uint32_t> SegmentPool::FreeFile() {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, entry] : files_) {
    if (entry.state == FileState::kFree) return number;
  }
  return NotFound("no free segment");
}

Result<uint32_t> SegmentPool::CreateFile() {
  uint32_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (files_.size() >= options_.count_max) return NotFound("no free segment");
    while (files_.contains(number)) ++number;
  }
  Result<std::unique_ptr<File>> created = disk_.Create(NameOf(number), options_.segment_bytes);
  const std::lock_guard lock(mutex_);
  if (!created.ok()) {
    // Full for now: recycling makes room, and the next spare asks again.
    const bool full = created.status().code() == Code::kResourceExhausted;
    // Left by a making that failed half-way: the next opening takes it for unused.
    if (created.status().code() == Code::kAlreadyExists) files_[number].state = FileState::kDamaged;
    return full ? NotFound("no free segment: " + created.status().message()) : created.status();
  }
  files_[number].pin = std::make_shared<int>(0);
  return number;
}

format::SegmentHeader SegmentPool::NewLife(uint32_t file_number, ClassId retention_class,
                                           Epoch epoch) {
  const SegmentGeometry geometry{options_.segment_bytes, options_.granule_bytes};
  const std::lock_guard lock(mutex_);
  format::SegmentHeader header;
  header.state = format::LifeState::kInUse;
  header.generation = files_[file_number].header.generation + 1;
  header.uid = NewId<SegmentUid>(random_);
  last_serial_ = {last_serial_.value + 1};
  header.serial = last_serial_;
  header.volume = options_.volume;
  header.segment_bytes = options_.segment_bytes;
  header.footer_offset_bytes = geometry.footer_offset_bytes();
  header.granule_bytes = options_.granule_bytes;
  header.file_number = file_number;
  header.epoch = epoch;
  header.retention_class = retention_class;
  header.opened = clock_.WallNow();
  return header;
}

Status SegmentPool::PrepareSpare(ClassId retention_class, Epoch epoch) {
  Result<uint32_t> number = FreeFile();
  if (!number.ok()) number = CreateFile();
  if (!number.ok()) return number.status();
  Result<std::shared_ptr<File>> file = FileOf(*number);
  const format::SegmentHeader header = NewLife(*number, retention_class, epoch);
  const Status status = file.ok() ? WriteLifeOf(*number, **file, header) : file.status();
  const std::lock_guard lock(mutex_);
  Entry& entry = files_[*number];
  entry.abandoned_at.reset();
  if (!status.ok()) {
    entry.state = FileState::kDamaged;  // a file that refuses its header is not tried again
    if (entry.copy_in_doubt) entry.header = header;
    return status.WithContext(NameOf(*number));
  }
  entry.header = header;
  entry.state = FileState::kSpare;
  entry.footer_in_doubt = false;
  entry.chunks_in_doubt = false;
  vacating_.clear();  // whatever made room for it, nothing has to go any more
  spare_files_[*number] = *file;
  return OkStatus();
}

Status SegmentPool::Free(uint32_t file_number) {
  REEL_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, FileOf(file_number));
  format::SegmentHeader header;
  {
    const std::lock_guard lock(mutex_);
    header = files_[file_number].header;
  }
  header.state = format::LifeState::kFree;
  ++header.generation;
  const Status status = WriteLifeOf(file_number, *file, header);
  const std::lock_guard lock(mutex_);
  Entry& entry = files_[file_number];
  by_serial_.erase(entry.header.serial);
  entry.state = status.ok() ? FileState::kFree : FileState::kDamaged;
  if (status.ok()) entry.header = header;
  return status.WithContext(NameOf(file_number));
}

void SegmentPool::BeginSealing(SegmentSerial serial) {
  const std::lock_guard lock(mutex_);
  InState(serial, FileState::kOpen).state = FileState::kSealing;
}

Status SegmentPool::Seal(SegmentSerial serial, ByteSpan footer) {
  const Result<SegmentLease> lease = Lease(serial);
  Status status = lease.ok() ? WriteFooter(lease->file(), lease->header(), footer) : lease.status();
  const std::lock_guard lock(mutex_);
  Entry& entry = InState(serial, FileState::kSealing);
  entry.state = status.ok() ? FileState::kSealed : FileState::kBroken;
  entry.footer_in_doubt = !status.ok();
  broken_from_ = std::min(broken_from_, serial);
  return status;
}

void SegmentPool::Abandon(SegmentSerial serial, ChunkSeq durable) {
  const std::lock_guard lock(mutex_);
  Entry& entry = InState(serial, FileState::kOpen);
  entry.state = FileState::kBroken;
  entry.abandoned_at = durable;
  broken_from_ = std::min(broken_from_, serial);
}

std::optional<SegmentPool::Opened> SegmentPool::Find(SegmentSerial serial) const {
  const std::lock_guard lock(mutex_);
  const auto at = by_serial_.find(serial);
  if (at == by_serial_.end()) return std::nullopt;
  const Entry& entry = files_.at(at->second);
  return Opened{entry.header, entry.state};
}

std::vector<SegmentPool::Opened> SegmentPool::Lives() const {
  const std::lock_guard lock(mutex_);
  std::vector<Opened> lives;
  for (const auto& [serial, number] : by_serial_)
    lives.push_back({files_.at(number).header, files_.at(number).state});
  return lives;
}

uint32_t SegmentPool::free_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(std::count_if(files_.begin(), files_.end(), [](const auto& file) {
    return file.second.state == FileState::kFree;
  }));
}

bool SegmentPool::IsKeptAside(uint32_t file_number) const {
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(file_number);
  return at != files_.end() && at->second.state == FileState::kDamaged;
}

std::vector<std::string> SegmentPool::DamagedFiles() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [number, entry] : files_) {
    if (entry.state == FileState::kDamaged) names.push_back(NameOf(number));
  }
  return names;
}

}  // namespace reel
