#include "server/client/remote_cursor.h"

#include <utility>

namespace reel::server {

RemoteCursor::RemoteCursor(v1::Playback::StubInterface* stub, const v1::ReadRequest& request,
                           StreamId stream)
    : stream_(stream),
      follow_(request.follow()),
      pull_([&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return stub->PrepareAsyncRead(context, request, queue);
      }) {}

Result<Item> RemoteCursor::Next(Duration wait) {
  if (ended_) return Item{};
  // Only a live tail has times at which nothing comes.
  Result<std::optional<v1::ReadResponse>> message =
      follow_ ? pull_.Next(wait) : pull_.Next(std::nullopt);
  if (!message.ok() && message.status().code() == Code::kDeadlineExceeded && follow_) return Item{};
  if (!message.ok()) return message.status();
  if (!message->has_value()) {
    ended_ = true;
    return Item{};
  }
  return ItemOf(std::move(**message));
}

Result<Item> RemoteCursor::ItemOf(v1::ReadResponse&& message) {
  Item item;
  item.run = run_;
  switch (message.item_case()) {
    case v1::ReadResponse::kRun: {
      REEL_ASSIGN_OR_RETURN(run_, IdFromWire<RunId>(message.run().run()));
      item.kind = ItemKind::kRunBegin;
      item.run = run_;
      return item;
    }
    case v1::ReadResponse::kTracks:
      item.kind = ItemKind::kTracks;
      item.tracks = TracksFromWire(message.tracks().tracks());
      return item;
    case v1::ReadResponse::kUnit:
      item.kind = ItemKind::kUnit;
      item.unit = FromWire(message.unit().unit(), message.data());
      item.durable = message.unit().durable();
      item.gop_begin = message.unit().gop_begin();
      return item;
    case v1::ReadResponse::kGap:
      item.kind = ItemKind::kGap;
      item.gap = FromWire(message.gap(), stream_);
      return item;
    case v1::ReadResponse::kDamage:
      item.kind = ItemKind::kDamage;
      item.status = DataLoss(message.damage().message());
      return item;
    case v1::ReadResponse::kSkipped:
      item.kind = ItemKind::kDamage;
      item.status =
          ResourceExhausted("the server left out " + std::to_string(message.skipped().units()) +
                            " units: this reader is too slow for live footage");
      return item;
    case v1::ReadResponse::kEnd:
      ended_ = !follow_;
      return item;
    case v1::ReadResponse::ITEM_NOT_SET:
      break;
  }
  return Unimplemented("the server sent an item that this version does not know");
}

}  // namespace reel::server
