#include "bench/raw_probe.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "bench/histogram.h"
#include "bench/pacer.h"
#include "bench/usage.h"
#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

// One pass over the file at a fixed depth.
class Sweep {
 public:
  Sweep(int fd, MutableByteSpan buffers, uint64_t file_bytes, bool write)
      : fd_(fd), buffers_(buffers), file_bytes_(file_bytes), write_(write) {}

  Status Run() {
    if (const int made = io_uring_queue_init(RawProbe::kDepth, &ring_, 0); made < 0)
      return Status::FromErrno(-made, "probe: io_uring");
    Status status = Transfer();
    io_uring_queue_exit(&ring_);
    if (status.ok() && write_ && fdatasync(fd_) != 0)
      status = Status::FromErrno(errno, "probe: fdatasync");
    return status;
  }

 private:
  Status Transfer() {
    unsigned in_flight = 0;
    for (unsigned slot = 0; slot < RawProbe::kDepth && next_ < file_bytes_; ++slot) {
      Put(slot);
      ++in_flight;
    }
    while (in_flight > 0) {
      if (const int entered = io_uring_submit_and_wait(&ring_, 1); entered < 0)
        return Status::FromErrno(-entered, "probe: io_uring_enter");
      io_uring_cqe* done = nullptr;
      while (io_uring_peek_cqe(&ring_, &done) == 0) {
        const auto slot = static_cast<unsigned>(io_uring_cqe_get_data64(done));
        const int result = done->res;
        io_uring_cqe_seen(&ring_, done);
        --in_flight;
        if (result != static_cast<int>(RawProbe::kWriteBytes))
          return Status::FromErrno(result < 0 ? -result : EIO, "probe: transfer");
        if (next_ >= file_bytes_) continue;
        Put(slot);
        ++in_flight;
      }
    }
    return OkStatus();
  }

  void Put(unsigned slot) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    std::byte* data = buffers_.data() + slot * RawProbe::kWriteBytes;
    if (write_) {
      io_uring_prep_write(sqe, fd_, data, RawProbe::kWriteBytes, next_);
    } else {
      io_uring_prep_read(sqe, fd_, data, RawProbe::kWriteBytes, next_);
    }
    io_uring_sqe_set_data64(sqe, slot);
    next_ += RawProbe::kWriteBytes;
  }

  int fd_;
  MutableByteSpan buffers_;
  uint64_t file_bytes_;
  bool write_;
  uint64_t next_ = 0;
  io_uring ring_{};
};

}  // namespace

MutableByteSpan MapBuffers(size_t bytes) {
  constexpr size_t kHugePage = size_t{2} << 20;
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REEL_CHECK(mapped != MAP_FAILED, "there is memory for a benchmark's buffers");
  (void)madvise(mapped, bytes, MADV_HUGEPAGE);
  const MutableByteSpan buffers(static_cast<std::byte*>(mapped), bytes);
  Rng(1).Fill(buffers);
  return buffers;
}

void UnmapBuffers(MutableByteSpan buffers) { munmap(buffers.data(), buffers.size()); }

Result<std::unique_ptr<RawProbe>> RawProbe::Create(const std::string& path, uint64_t file_bytes) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600));
  if (!fd.valid()) return Status::FromErrno(errno, "open " + path);
  if (const int error = posix_fallocate(fd.get(), 0, static_cast<off_t>(file_bytes)); error != 0)
    return Status::FromErrno(error, "preallocate " + path);
  std::unique_ptr<RawProbe> probe(new RawProbe(path, std::move(fd), file_bytes));
  REEL_RETURN_IF_ERROR(probe->Write().status());
  return probe;
}

RawProbe::RawProbe(std::string path, UniqueFd fd, uint64_t file_bytes)
    : path_(std::move(path)),
      fd_(std::move(fd)),
      file_bytes_(file_bytes),
      buffers_(MapBuffers(kWriteBytes * kDepth)) {}

RawProbe::~RawProbe() {
  UnmapBuffers(buffers_);
  unlink(path_.c_str());
}

Result<RawFigures> RawProbe::Write() { return Pass(true); }
Result<RawFigures> RawProbe::Read() { return Pass(false); }

Status RawProbe::ReadAt(uint64_t offset_bytes, size_t length_bytes) {
  const ssize_t moved =
      pread(fd_.get(), buffers_.data(), length_bytes, static_cast<off_t>(offset_bytes));
  if (moved == static_cast<ssize_t>(length_bytes)) return OkStatus();
  return Status::FromErrno(moved < 0 ? errno : EIO, "probe: read");
}

Result<RawFigures> RawProbe::Pass(bool write) {
  const Usage before = Usage::Now();
  const MonoTime begin = MonoNow();
  REEL_RETURN_IF_ERROR(Sweep(fd_.get(), buffers_, file_bytes_, write).Run());
  const double seconds = Seconds(MonoNow() - begin);
  const auto bytes = static_cast<double>(file_bytes_);
  return RawFigures{bytes / seconds, (Usage::Now() - before).cpu_seconds / bytes};
}

}  // namespace reel::bench
