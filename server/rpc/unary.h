// ServeUnary: a call with one request and one answer, done by the executor.
//
// Thread rule: called by gRPC's threads; `work` runs on an executor's.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <utility>

#include "server/rpc/admission.h"
#include "server/rpc/visit.h"
#include "server/rpc/wire.h"

namespace reel::server {

class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  void OnDone() override { delete this; }
};

// `work`: Status(Visit&, const Request&, Response*). gRPC keeps the bytes of both until the call is
// done, and the call is done behind Finish.
template <class Request, class Response, class Work>
grpc::ServerUnaryReactor* ServeUnary(const ServiceSide& side, std::string_view call,
                                     grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                     Work work) {
  auto* const reactor = new UnaryCall;
  const RpcRule rule = RpcRuleOf(call);
  const Identity who = side.WhoIs(*context);
  const Status admitted = Admit(*side.core, rule, *context, request->Length());
  if (!admitted.ok()) {
    reactor->Finish(ToGrpc(admitted));
    return reactor;
  }
  auto task = [reactor, context, request, response, work = std::move(work), rule, who,
               from = side.From(*context), core = side.core] {
    if (context->IsCancelled()) return reactor->Finish(grpc::Status::CANCELLED);
    Visit visit(*core, rule, who, from);
    Request asked;
    Response answer;
    Status status = FromWire(*request, kMaxRequestBytes, &asked);
    if (status.ok()) status = work(visit, asked, &answer);
    if (!status.ok() || IsChange(rule.action)) visit.Leave(status, 0, 0);
    if (status.ok()) *response = ToWire(answer);
    reactor->Finish(ToGrpc(status));
  };
  if (!side.core->executor(rule.lane).Begin(who.name, std::move(task))) {
    reactor->Finish(ToGrpc(ResourceExhausted("too many calls of yours are waiting")));
  }
  return reactor;
}

}  // namespace reel::server
