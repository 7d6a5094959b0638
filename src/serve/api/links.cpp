// /api/links: how the links are, and payloads pushed into one.
#include <memory>

#include "link/links.hpp"
#include "serve/api/doors.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

using base::Code;

constexpr size_t push_bytes_max = 4u << 20;

void write_link(JsonText& json, const link::LinkStatus& status) {
  json.open_object().member("name", status.name).member("kind", status.kind).key("label").open_object();
  for (const auto& [language, text] : status.label) json.member(language, text);
  json.close_object().member("state", link::name_of(status.state)).member("detail", status.detail);
  if (status.retry_at.exists()) json.member("retryAt", status.retry_at);
  json.member("lastMessageAt", status.last_message_at);
  json.member("messagesPerSecond", status.messages_per_second);
  json.member("accepted", status.accepted).member("refused", status.refused).key("refusals").open_array();
  for (const link::Refusal& refusal : status.refusals) {
    json.open_object().member("at", refusal.at).member("reason", refusal.reason).member("sample", refusal.sample);
    json.close_object();
  }
  json.close_array().key("mailbox").open_object().member("waiting", status.mailbox_waiting);
  json.member("capacity", status.mailbox_capacity).close_object().close_object();
}

Response list_links(const ApiState& state) {
  JsonText json;
  json.open_object().key("links").open_array();
  if (state.services.link_status) {
    for (const link::LinkStatus& status : state.services.link_status()) write_link(json, status);
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

/// Problem details for a refused push; a full mailbox is the client's rate, so 429.
Response refused(const base::Error& error) {
  return problem(error, own_problem_style(), error.code == Code::busy ? 429 : 0);
}

void push(const ApiState& state, const Request& request, Reply reply) {
  const std::string_view name = request.path_value("name");
  if (!state.services.link_push) {
    return reply.fail(base::fail(Code::not_found, "there is no such link", std::string(name), "see /api/links"));
  }
  // The completion must be copyable, so the reply in it is shared.
  auto waiting = std::make_shared<Reply>(std::move(reply));
  state.services.link_push(name, std::string(request.body()), [waiting](base::Status status) {
    waiting->send(status ? Response::empty(202) : refused(status.error()));
  });
}

}  // namespace

void add_link_doors(Router& router, const ApiStatePointer& state) {
  router.add_schema("Links", R"({"type":"object","required":["links"],"properties":{"links":{"type":"array","items":{
    "type":"object","required":["name","kind","label","state","detail","lastMessageAt","messagesPerSecond","accepted",
      "refused","refusals","mailbox"],"properties":{"name":{"type":"string"},"kind":{"type":"string"},
    "label":{"type":"object","additionalProperties":{"type":"string"}},
    "state":{"enum":["connecting","running","waiting","ended","failed"]},"detail":{"type":"string"},
    "retryAt":{"type":"string","format":"date-time"},"lastMessageAt":{"type":["string","null"],"format":"date-time"},
    "messagesPerSecond":{"type":"number"},"accepted":{"type":"integer"},"refused":{"type":"integer"},
    "refusals":{"type":"array","items":{"type":"object","required":["at","reason","sample"],"properties":{
      "at":{"type":"string","format":"date-time"},"reason":{"type":"string"},"sample":{"type":"string"}}}},
    "mailbox":{"type":"object","required":["waiting","capacity"],"properties":{"waiting":{"type":"integer"},
      "capacity":{"type":"integer"}}}}}}}})");
  Route list;
  list.path = "/api/links";
  list.operation_id = "listLinks";
  list.tag = "Links";
  list.summary = "How each link to the outside is";
  list.handler = answer([state](const Request&) { return list_links(*state); });
  list.answers = {{200, "All links", {{"application/json", schema_reference("Links")}}}};
  router.add(std::move(list));

  Route into;
  into.method = Method::post;
  into.path = "/api/links/{name}/push";
  into.action = trust::Action::write;
  into.operation_id = "pushToLink";
  into.tag = "Links";
  into.summary = "Hands a payload to a link of kind push";
  into.handler = [state](const Request& request, Reply reply) { push(*state, request, std::move(reply)); };
  into.request_body = {{"application/json", "{}"}};
  into.answers = {{202, "Durably recorded", {}}, {429, "The link's mailbox is full: send less, or later", {}}};
  into.body_bytes_max = push_bytes_max;
  router.add(std::move(into));
}

}  // namespace cityloom::serve
