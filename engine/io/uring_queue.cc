// The io_uring queue. Source: io_uring(7), io_uring_setup(2), liburing 2.3.
//
// The ring is made disabled and enabled by the first thread that uses it, which SINGLE_ISSUER makes
// its owner; DEFER_TASKRUN then runs completions only inside Reap, not in the middle of other work.
// No SQPOLL: measured five times the CPU for no throughput.
#include <liburing.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "engine/base/check.h"
#include "engine/io/fd_file.h"
#include "engine/io/io_queues.h"

namespace reel {
namespace {

constexpr uint64_t kWakeSlot = UINT64_MAX;
// Registered memory is cut into buffers of this size, each given to the kernel when a request first
// touches it: registering pins a buffer's pages, and so clears those that were never used (of
// 1.5 GiB at once: seconds of the thread that writes). No block of a BufferPool crosses a cut.
constexpr size_t kRegisteredPieceBytes = size_t{16} << 20;
constexpr size_t kMaxRegisteredPieces = 16384;  // the kernel's bound: 256 GiB

// A ring with the best flags this kernel takes; 0 or -errno.
int InitRing(unsigned entries, io_uring* ring) {
  constexpr unsigned kOwned =
      IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  int result = io_uring_queue_init(entries, ring, kOwned);
  // Kernels before 6.1 refuse these flags.
  if (result == -EINVAL) result = io_uring_queue_init(entries, ring, IORING_SETUP_R_DISABLED);
  return result;
}

// io_uring_enable_rings by hand: Debian's liburing 2.3 declares it and does not export it.
int EnableRing(const io_uring& ring) {
  const int64_t result =
      syscall(SYS_io_uring_register, ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  return result < 0 ? -errno : 0;
}

class UringQueue final : public IoQueue {
 public:
  UringQueue(uint32_t depth, std::string path) : depth_(depth), path_(std::move(path)) {}
  ~UringQueue() override;

  // Once, before anything else.
  Status Init();

  uint32_t depth() const override { return depth_; }
  uint32_t in_flight() const override { return depth_ - static_cast<uint32_t>(free_slots_.size()); }
  bool Submit(const IoRequest& request) override;
  size_t Reap(std::span<IoCompletion> out, Duration wait) override;
  void Wake() override;
  Status RegisterBuffers(MutableByteSpan region) override;

 private:
  void Enable();
  void ArmWake();
  // Lets submitted requests into the kernel and waits for a completion, at most `wait`.
  void Enter(Duration wait);
  size_t Take(std::span<IoCompletion> out);
  size_t TakeRefused(std::span<IoCompletion> out);
  io_uring_sqe* NextSqe();
  void Prepare(io_uring_sqe* sqe, const IoRequest& request);
  // Index of the registered buffer that holds the whole request, or -1.
  int RegisteredIndex(const IoRequest& request);
  // 0 or -errno; what the kernel has refused once it is not asked again.
  int RegisterPiece(size_t index);

  struct Refused {
    uint32_t slot;
    int32_t result;
  };

  const uint32_t depth_;
  const std::string path_;
  io_uring ring_{};
  bool ring_made_ = false;
  bool enabled_ = false;
  std::thread::id owner_;  // once enabled
  bool woken_ = false;
  UniqueFd wake_fd_;
  uint64_t wake_count_ = 0;  // the kernel writes it when the queue is woken
  MutableByteSpan registered_;
  enum class Piece : uint8_t { kUntouched, kRegistered, kRefused };
  std::vector<Piece> pieces_;   // of registered_
  std::vector<uint64_t> tags_;  // by slot
  std::vector<uint32_t> free_slots_;
  std::vector<Refused> refused_;  // never reach the kernel
};

Status UringQueue::Init() {
  for (uint32_t i = 0; i < depth_; ++i) free_slots_.push_back(depth_ - 1 - i);
  tags_.resize(depth_);
  wake_fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC));
  if (!wake_fd_.valid()) return Status::FromErrno(errno, path_ + ": eventfd");
  const int result = InitRing(depth_ + 1, &ring_);  // one more for the wake-up
  if (result < 0) return Status::FromErrno(-result, path_ + ": io_uring");
  ring_made_ = true;
  return {};
}

UringQueue::~UringQueue() {
  // The kernel may touch the caller's memory until each request is complete. By another thread a
  // ring is not entered: what its owner has left in flight is with a device that does not answer,
  // and the kernel keeps those pages until it does.
  std::array<IoCompletion, 16> done;
  const bool mine = !enabled_ || owner_ == std::this_thread::get_id();
  while (ring_made_ && mine && in_flight() > 0) Reap(done, std::chrono::seconds(1));
  if (ring_made_) io_uring_queue_exit(&ring_);
}

void UringQueue::Enable() {
  if (enabled_) return;
  REEL_CHECK(EnableRing(ring_) == 0, "a new ring can be enabled");
  enabled_ = true;
  owner_ = std::this_thread::get_id();
  ArmWake();
}

io_uring_sqe* UringQueue::NextSqe() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  REEL_CHECK(sqe != nullptr, "the ring has an entry for every request and the wake-up");
  return sqe;
}

void UringQueue::ArmWake() {
  io_uring_sqe* sqe = NextSqe();
  io_uring_prep_read(sqe, wake_fd_.get(), &wake_count_, sizeof wake_count_, 0);
  io_uring_sqe_set_data64(sqe, kWakeSlot);
}

int UringQueue::RegisteredIndex(const IoRequest& request) {
  const std::less<> before;
  if (registered_.empty() || before(request.data, registered_.data())) return -1;
  const auto begin = static_cast<size_t>(request.data - registered_.data());
  const size_t end = begin + request.length_bytes;
  if (end > registered_.size()) return -1;
  const size_t index = begin / kRegisteredPieceBytes;
  if (end > (index + 1) * kRegisteredPieceBytes) return -1;
  return RegisterPiece(index) == 0 ? static_cast<int>(index) : -1;
}

int UringQueue::RegisterPiece(size_t index) {
  if (pieces_[index] == Piece::kRegistered) return 0;
  if (pieces_[index] == Piece::kRefused) return -ENOMEM;
  const size_t begin = index * kRegisteredPieceBytes;
  const iovec piece{registered_.data() + begin,
                    std::min(kRegisteredPieceBytes, registered_.size() - begin)};
  const int result = io_uring_register_buffers_update_tag(&ring_, static_cast<unsigned>(index),
                                                          &piece, nullptr, 1);
  pieces_[index] = result < 0 ? Piece::kRefused : Piece::kRegistered;
  return std::min(result, 0);
}

void UringQueue::Prepare(io_uring_sqe* sqe, const IoRequest& request) {
  const int fd = FdFileOf(request).fd();
  const int index = RegisteredIndex(request);
  const unsigned length = request.length_bytes;
  switch (request.kind) {
    case IoKind::kRead:
      if (index >= 0) {
        io_uring_prep_read_fixed(sqe, fd, request.data, length, request.offset_bytes, index);
      } else {
        io_uring_prep_read(sqe, fd, request.data, length, request.offset_bytes);
      }
      break;
    case IoKind::kWrite:
      if (index >= 0) {
        io_uring_prep_write_fixed(sqe, fd, request.data, length, request.offset_bytes, index);
      } else {
        io_uring_prep_write(sqe, fd, request.data, length, request.offset_bytes);
      }
      break;
    case IoKind::kDataSync:
      io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
      break;
  }
}

bool UringQueue::Submit(const IoRequest& request) {
  Enable();
  if (free_slots_.empty()) return false;
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  tags_[slot] = request.tag;
  if (const int32_t refusal = FdFileOf(request).Refusal(request); refusal != 0) {
    refused_.push_back({slot, refusal});
    return true;
  }
  io_uring_sqe* sqe = NextSqe();
  Prepare(sqe, request);
  io_uring_sqe_set_data64(sqe, slot);
  return true;
}

void UringQueue::Enter(Duration wait) {
  int result = 0;
  if (wait > Duration::zero()) {
    constexpr int64_t kSecondNs = 1'000'000'000;
    __kernel_timespec timeout{};
    timeout.tv_sec = wait.count() / kSecondNs;
    timeout.tv_nsec = wait.count() % kSecondNs;
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
  } else {
    result = io_uring_submit_and_get_events(&ring_);
  }
  // What could not be submitted stays in the ring, and the next Reap tries again: a signal (EINTR),
  // no memory for a request (EAGAIN), completions not yet taken (EBUSY), nothing in time (ETIME).
  const bool ordinary =
      result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY || result == -ETIME;
  REEL_CHECK(ordinary, "a ring is entered by its owner, with arguments the kernel takes");
}

size_t UringQueue::TakeRefused(std::span<IoCompletion> out) {
  const size_t count = std::min(out.size(), refused_.size());
  for (size_t i = 0; i < count; ++i) {
    const Refused refused = refused_.back();
    refused_.pop_back();
    out[i] = {tags_[refused.slot], refused.result};
    free_slots_.push_back(refused.slot);
  }
  return count;
}

size_t UringQueue::Take(std::span<IoCompletion> out) {
  size_t count = TakeRefused(out);
  io_uring_cqe* cqe = nullptr;
  while (count < out.size() && io_uring_peek_cqe(&ring_, &cqe) == 0) {
    const uint64_t slot = io_uring_cqe_get_data64(cqe);
    const int32_t result = cqe->res;
    io_uring_cqe_seen(&ring_, cqe);
    if (slot == kWakeSlot) {
      woken_ = true;
      ArmWake();
      continue;
    }
    out[count++] = {tags_[slot], result};
    free_slots_.push_back(static_cast<uint32_t>(slot));
  }
  return count;
}

size_t UringQueue::Reap(std::span<IoCompletion> out, Duration wait) {
  Enable();
  size_t count = Take(out);
  const bool may_wait = count == 0 && !woken_;
  if (count < out.size()) {
    Enter(may_wait ? wait : Duration::zero());
    count += Take(out.subspan(count));
  }
  woken_ = false;
  return count;
}

void UringQueue::Wake() {
  const uint64_t one = 1;
  // EAGAIN alone can fail it: 2^64 - 1 wake-ups are pending, and one is enough.
  [[maybe_unused]] const ssize_t count = write(wake_fd_.get(), &one, sizeof one);
}

// The first piece at once, so that a refusal is told.
Status UringQueue::RegisterBuffers(MutableByteSpan region) {
  Enable();
  if (!registered_.empty()) {
    registered_ = {};
    io_uring_unregister_buffers(&ring_);
  }
  const size_t count = std::min((region.size() + kRegisteredPieceBytes - 1) / kRegisteredPieceBytes,
                                kMaxRegisteredPieces);
  if (count == 0) return {};
  int result = io_uring_register_buffers_sparse(&ring_, static_cast<unsigned>(count));
  if (result < 0) return Status::FromErrno(-result, path_ + ": registering buffers");
  registered_ = region.first(std::min(region.size(), count * kRegisteredPieceBytes));
  pieces_.assign(count, Piece::kUntouched);
  result = RegisterPiece(0);
  return result < 0 ? Status::FromErrno(-result, path_ + ": registering buffers") : OkStatus();
}

// A no-op through the whole path: some policies allow the setup and refuse the rest.
Status RoundTrip(io_uring* ring) {
  if ((ring->features & IORING_FEAT_EXT_ARG) == 0) {
    return Unimplemented("io_uring: kernel before 5.11");
  }
  if (const int result = EnableRing(*ring); result < 0) {
    return Status::FromErrno(-result, "io_uring_register");
  }
  io_uring_prep_nop(io_uring_get_sqe(ring));
  io_uring_cqe* cqe = nullptr;
  __kernel_timespec timeout{};
  timeout.tv_sec = 5;
  const int result = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &timeout, nullptr);
  if (result < 0) return Status::FromErrno(-result, "io_uring_enter");
  return {};
}

}  // namespace

Result<std::unique_ptr<IoQueue>> NewUringQueue(uint32_t depth, const std::string& path) {
  auto queue = std::make_unique<UringQueue>(depth, path);
  REEL_RETURN_IF_ERROR(queue->Init());
  return std::unique_ptr<IoQueue>(std::move(queue));
}

Status ProbeUring() {
  io_uring ring{};
  const int result = InitRing(2, &ring);
  if (result < 0) return Status::FromErrno(-result, "io_uring_setup");
  Status status = RoundTrip(&ring);
  io_uring_queue_exit(&ring);
  return status;
}

}  // namespace reel
