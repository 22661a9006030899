#include "engine/testing/sim_disk_state.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"

namespace reel {
namespace {

const char* NameOf(SimOpKind kind) {
  switch (kind) {
    case SimOpKind::kCreateBegin:
      return "create";
    case SimOpKind::kCreateEnd:
      return "created";
    case SimOpKind::kRemoveBegin:
      return "remove";
    case SimOpKind::kRemoveEnd:
      return "removed";
    case SimOpKind::kWriteBegin:
      return "write";
    case SimOpKind::kWriteEnd:
      return "written";
    case SimOpKind::kSyncBegin:
      return "sync";
    case SimOpKind::kSyncEnd:
      return "synced";
    case SimOpKind::kDamage:
      return "damage";
  }
  return "?";
}

// Takes [begin, end) out of the orphans before `until`: something newer stands there durably, so
// no power cut can bring the old bytes back.
void Supersede(std::vector<SimPendingWrite>& pending, size_t until, uint64_t begin, uint64_t end) {
  std::vector<SimPendingWrite> tails;
  for (size_t i = 0; i < until; ++i) {
    SimPendingWrite& old = pending[i];
    if (!old.orphaned || old.offset_bytes >= end || old.end_bytes() <= begin) continue;
    if (old.end_bytes() > end) {
      SimPendingWrite tail = old;
      const uint64_t cut = end - old.offset_bytes;
      tail.offset_bytes += cut;
      tail.data_begin += cut;
      tail.length_bytes -= cut;
      tails.push_back(std::move(tail));
    }
    old.length_bytes = old.offset_bytes < begin ? begin - old.offset_bytes : 0;
  }
  pending.insert(pending.begin(), tails.begin(), tails.end());
}

void DropEmpty(std::vector<SimPendingWrite>& pending) {
  std::erase_if(pending, [](const SimPendingWrite& write) { return write.length_bytes == 0; });
}

// Makes durable what had completed before operation `sync_begin`.
void Settle(SimInode& inode, uint64_t sync_begin) {
  const auto covered = [sync_begin](const SimPendingWrite& write) {
    return !write.orphaned && write.completed_at < sync_begin;
  };
  for (size_t i = 0; i < inode.pending.size(); ++i) {
    if (!covered(inode.pending[i])) continue;
    const SimPendingWrite write = inode.pending[i];
    inode.durable.Write(write.offset_bytes, write.bytes());
    const size_t before = inode.pending.size();
    Supersede(inode.pending, i, write.offset_bytes, write.end_bytes());
    i += inode.pending.size() - before;
  }
  std::erase_if(inode.pending, covered);
  DropEmpty(inode.pending);
}

void FailSync(SimInode& inode, uint64_t seed) {
  Rng rng(seed);
  for (SimPendingWrite& write : inode.pending) {
    write.orphaned = true;
    const bool completed = write.completed_at != SimPendingWrite::kInFlight;
    if (completed && rng.Chance(1, 2)) write.length_bytes = 0;
  }
  DropEmpty(inode.pending);
  inode.visible = inode.durable;
  for (const SimPendingWrite& write : inode.pending) {
    if (write.completed_at != SimPendingWrite::kInFlight) {
      inode.visible.Write(write.offset_bytes, write.bytes());
    }
  }
}

}  // namespace

std::string ToString(const SimOp& op) {
  std::string text = NameOf(op.kind);
  text += " inode " + std::to_string(op.inode);
  if (!op.name.empty()) text += " '" + op.name + "'";
  if (op.kind == SimOpKind::kCreateBegin) text += " of " + std::to_string(op.size_bytes);
  if (op.data != nullptr) {
    text += " [" + std::to_string(op.offset_bytes) + ", +" + std::to_string(op.data->size()) + ")";
  }
  if (op.kind == SimOpKind::kWriteEnd || op.kind == SimOpKind::kSyncEnd) {
    text += " begun at " + std::to_string(op.begin) + " -> " + std::to_string(op.result);
  }
  return text;
}

std::optional<uint32_t> SimDiskState::Find(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

void SimDiskState::Apply(const SimOp& op) {
  switch (op.kind) {
    case SimOpKind::kCreateBegin:
      REEL_CHECK(op.inode == inodes_.size(), "inode numbers rise by one");
      inodes_.push_back({SimImage(op.size_bytes), SimImage(op.size_bytes), {}});
      changing_ = NameChange{true, op.name, op.inode};
      break;
    case SimOpKind::kRemoveBegin:
      changing_ = NameChange{false, op.name, op.inode};
      break;
    case SimOpKind::kCreateEnd:
      names_[changing_->name] = changing_->inode;
      changing_.reset();
      break;
    case SimOpKind::kRemoveEnd:
      names_.erase(changing_->name);
      changing_.reset();
      break;
    case SimOpKind::kWriteBegin: {
      SimPendingWrite write;
      write.id = applied_;
      write.offset_bytes = op.offset_bytes;
      write.data = op.data;
      write.length_bytes = op.data->size();
      inodes_[op.inode].pending.push_back(std::move(write));
      break;
    }
    case SimOpKind::kWriteEnd:
      EndWrite(op);
      break;
    case SimOpKind::kSyncBegin:
      break;
    case SimOpKind::kSyncEnd:
      EndSync(op);
      break;
    case SimOpKind::kDamage:
      inodes_[op.inode].visible.Write(op.offset_bytes, *op.data);
      inodes_[op.inode].durable.Write(op.offset_bytes, *op.data);
      break;
  }
  ++applied_;
}

void SimDiskState::EndWrite(const SimOp& op) {
  SimInode& inode = inodes_[op.inode];
  const auto found = std::find_if(inode.pending.begin(), inode.pending.end(),
                                  [&op](const SimPendingWrite& w) { return w.id == op.begin; });
  REEL_CHECK(found != inode.pending.end(), "a write ends once, after it began");
  SimPendingWrite write = *found;
  inode.pending.erase(found);
  write.completed_at = applied_;
  if (op.result == -EIO) {
    // The device does not know either: its bytes may stand there or not.
    if ((op.seed & 1) == 0) return;
    write.orphaned = true;
  } else {
    if (op.result <= 0) return;
    write.length_bytes = static_cast<size_t>(op.result);
  }
  inode.visible.Write(write.offset_bytes, write.bytes());
  inode.pending.push_back(std::move(write));
}

void SimDiskState::EndSync(const SimOp& op) {
  SimInode& inode = inodes_[op.inode];
  if (op.result == 0) {
    Settle(inode, op.begin);
  } else {
    FailSync(inode, op.seed);
  }
}

uint64_t SimDiskState::Hash() const {
  uint64_t hash = names_.size();
  for (const auto& [name, number] : names_) {
    for (const char c : name) hash = Rng(hash ^ static_cast<uint8_t>(c)).Next();
    hash = Rng(hash ^ inodes_[number].visible.Hash()).Next();
  }
  return hash;
}

}  // namespace reel
