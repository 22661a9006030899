#include "engine/testing/sim_disk_core.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"

namespace reel {
namespace {

SeamCall CallOf(IoKind kind) {
  switch (kind) {
    case IoKind::kRead:
      return SeamCall::kRead;
    case IoKind::kWrite:
      return SeamCall::kWrite;
    case IoKind::kDataSync:
      break;
  }
  return SeamCall::kSync;
}

}  // namespace

SimDiskCore::SimDiskCore(SimDiskOptions opts, SimDiskState state)
    : options(opts),
      clock(options.clock != nullptr ? *options.clock : own_clock),
      rng(options.seed),
      base(state),
      live(std::move(state)),
      crash(base) {}

uint64_t SimDiskCore::Record(SimOp op) {
  const uint64_t number = live.applied();
  live.Apply(op);
  if (options.keep_journal) journal.push_back(std::move(op));
  return number;
}

int64_t SimDiskCore::PlanResult(const SimHandle& handle, const IoRequest& request,
                                const Fault& fault) const {
  if (request.kind == IoKind::kDataSync) {
    return fault.kind == Fault::Kind::kError ? -fault.system_errno : 0;
  }
  const uint64_t mask = options.align_bytes - 1;
  const auto address = reinterpret_cast<uintptr_t>(request.data);
  if (((request.offset_bytes | request.length_bytes | address) & mask) != 0) return -EINVAL;
  const uint64_t size = live.inode(handle.inode).visible.size_bytes();
  const uint64_t room = size - std::min(size, request.offset_bytes);
  if (request.kind == IoKind::kWrite) {
    if (!handle.writable) return -EBADF;
    if (request.length_bytes > room) return -EFBIG;
  }
  if (fault.kind == Fault::Kind::kError) return -fault.system_errno;
  const uint32_t length =
      fault.kind == Fault::Kind::kShort ? ShortLength(request.length_bytes) : request.length_bytes;
  return static_cast<int64_t>(std::min<uint64_t>(length, room));
}

MonoTime SimDiskCore::ReadyTime(const SimTransfer& transfer, const Fault& fault) {
  const SimLatency& latency = options.latency;
  const MonoTime now = clock.MonoNow();
  Duration cost = latency.per_request;
  if (transfer.request.kind == IoKind::kDataSync) {
    cost += latency.sync;
  } else {
    const bool follows = transfer.inode == head_inode && transfer.offset_bytes == head_offset_bytes;
    if (!follows) cost += latency.seek;
    const uint64_t length = transfer.request.length_bytes;
    if (latency.bytes_per_second > 0) {
      cost += Duration(static_cast<int64_t>(length * 1'000'000'000 / latency.bytes_per_second));
    }
    head_inode = transfer.inode;
    head_offset_bytes = transfer.offset_bytes + length;
  }
  if (fault.kind == Fault::Kind::kStall) cost += fault.stall;
  busy_until = std::max(busy_until, now) + cost;
  const auto jitter = static_cast<uint64_t>(options.jitter_max.count());
  const MonoTime ready = busy_until + Duration(static_cast<int64_t>(rng.Below(jitter + 1)));
  last_ready = options.in_order ? std::max(last_ready, ready) : ready;
  return last_ready;
}

SimTransfer SimDiskCore::BeginTransfer(const SimHandle& handle, const IoRequest& request) {
  const Fault fault = faults.Next(CallOf(request.kind), handle.name);
  SimTransfer transfer;
  transfer.request = request;
  transfer.number = transfers_begun++;
  transfer.inode = handle.inode;
  transfer.offset_bytes = request.offset_bytes;
  transfer.result = PlanResult(handle, request, fault);
  transfer.held = fault.kind == Fault::Kind::kStall && fault.stall == Duration::zero();
  const bool refused =
      transfer.result == -EINVAL || transfer.result == -EBADF || transfer.result == -EFBIG;
  if (fault.kind == Fault::Kind::kMisdirect && request.kind == IoKind::kWrite && !refused) {
    transfer.inode = InodeOf(fault.file);
    transfer.offset_bytes = fault.offset_bytes;
  }
  transfer.ready = ReadyTime(transfer, fault);
  transfer.journaled = request.kind != IoKind::kRead && !refused;
  if (!transfer.journaled) return transfer;
  SimOp op;
  op.inode = transfer.inode;
  if (request.kind == IoKind::kWrite) {
    op.kind = SimOpKind::kWriteBegin;
    op.offset_bytes = transfer.offset_bytes;
    op.data = std::make_shared<const Bytes>(request.data, request.data + request.length_bytes);
  } else {
    op.kind = SimOpKind::kSyncBegin;
  }
  transfer.begin = Record(std::move(op));
  return transfer;
}

bool SimDiskCore::MayEnd(const SimTransfer& transfer) const {
  if (transfer.held && transfer.number >= released_before) return false;
  return transfer.ready <= clock.MonoNow();
}

int64_t SimDiskCore::EndTransfer(const SimTransfer& transfer) {
  if (transfer.journaled) {
    SimOp op;
    op.kind = transfer.request.kind == IoKind::kWrite ? SimOpKind::kWriteEnd : SimOpKind::kSyncEnd;
    op.inode = transfer.inode;
    op.begin = transfer.begin;
    op.result = transfer.result;
    if (transfer.result < 0) op.seed = rng.Next();
    Record(std::move(op));
  } else if (transfer.request.kind == IoKind::kRead && transfer.result > 0) {
    live.inode(transfer.inode)
        .visible.Read(transfer.offset_bytes,
                      {transfer.request.data, static_cast<size_t>(transfer.result)});
  }
  return transfer.result;
}

uint32_t SimDiskCore::InodeOf(const std::string& name) const {
  const auto inode = live.Find(name);
  REEL_CHECK(inode.has_value(), "the file named by the test exists");
  return *inode;
}

void SimDiskCore::Damage(const std::string& name, uint64_t offset_bytes, Bytes bytes) {
  SimOp op;
  op.kind = SimOpKind::kDamage;
  op.inode = InodeOf(name);
  op.offset_bytes = offset_bytes;
  op.data = std::make_shared<const Bytes>(std::move(bytes));
  Record(std::move(op));
}

uint32_t SimDiskCore::MakeFile(const std::string& name, uint64_t size_bytes) {
  SimOp op;
  op.kind = SimOpKind::kCreateBegin;
  op.inode = live.next_inode();
  op.name = name;
  op.size_bytes = size_bytes;
  const uint32_t inode = op.inode;
  Record(op);
  op.kind = SimOpKind::kCreateEnd;
  Record(std::move(op));
  return inode;
}

void SimDiskCore::RemoveFile(const std::string& name) {
  SimOp op;
  op.kind = SimOpKind::kRemoveBegin;
  op.inode = InodeOf(name);
  op.name = name;
  Record(op);
  op.kind = SimOpKind::kRemoveEnd;
  Record(std::move(op));
}

uint64_t SimDiskCore::used_bytes() const {
  uint64_t used = 0;
  for (const auto& [name, inode] : live.names()) used += live.inode(inode).visible.size_bytes();
  return used;
}

}  // namespace reel
