// /api/stream: changes as server-sent events, read from the feed as fast as the client takes them.
#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <charconv>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr uint64_t lag_commits_max = 10'000;  // further behind, reading the state again is less work for both sides
constexpr size_t commits_per_piece = 500;
constexpr size_t types_max = 100;

/// What a client wants to hear.
struct Wish {
  std::vector<std::string> types;  // short names or IRIs; empty: all
  thread::BranchId branch;
  std::string branch_name;
  thread::Offset after;
  std::string address;
};

std::string_view member_name(twin::AttributeKind kind) {
  using Kind = twin::AttributeKind;
  switch (kind) {
    case Kind::relationship:
      return "object";
    case Kind::language_property:
      return "languageMap";
    case Kind::vocab_property:
      return "vocab";
    case Kind::json_property:
      return "json";
    case Kind::list_property:
      return "valueList";
    case Kind::list_relationship:
      return "objectList";
    case Kind::property:
    case Kind::geo_property:
      break;
  }
  return "value";
}

/// The facts of one commit on one entity.
struct Touched {
  std::string_view id;
  bool deleted = false;
  std::vector<const twin::Fact*> attributes;
};

std::vector<Touched> by_entity(const thread::Commit& commit) {
  std::vector<Touched> result;
  absl::flat_hash_map<std::string, size_t> known;
  for (const twin::Fact& fact : commit.facts) {
    if (fact.is_of_past()) continue;
    const auto [at, is_new] = known.try_emplace(fact.entity_id, result.size());
    if (is_new) result.push_back({fact.entity_id, false, {}});
    Touched& touched = result[at->second];
    touched.deleted = fact.kind == twin::Fact::Kind::entity_deleted;
    if (touched.deleted) touched.attributes.clear();
    const bool is_attribute =
        fact.kind == twin::Fact::Kind::attribute_set || fact.kind == twin::Fact::Kind::attribute_deleted;
    if (is_attribute) touched.attributes.push_back(&fact);
  }
  return result;
}

class ChangeStream final : public BodySource {
 public:
  ChangeStream(ApiStatePointer state, thread::Thread& thread, Wish wish)
      : state_(std::move(state)), thread_(thread), wish_(std::move(wish)), at_(wish_.after) {}

  void start(Waker waker) override {
    token_ = thread_.on_head([waker = std::move(waker)](thread::Offset) { waker.wake(); });
  }

  Pulled pull(std::string& out, size_t bytes_max) override {
    if (!std::exchange(greeted_, true)) {
      out += "retry: 2000\n\n";
      return Pulled::more;
    }
    const thread::Offset head = thread_.head();
    if (at_ > head || head.number - at_.number > lag_commits_max) skip_to(head, out);
    while (out.size() < bytes_max) {
      const auto commits = thread_.feed(at_, commits_per_piece, bytes_max);
      if (!commits) return Pulled::fail;
      if (commits->empty()) {
        // Nothing new for long: a comment keeps proxies from closing, and shows whether the client is still there.
        if (out.empty()) out += ":\n\n";
        return Pulled::wait;
      }
      for (const auto& commit : *commits) {
        at_ = commit->offset;
        if (commit->branch == wish_.branch) append_event(*commit, out);
      }
      if (at_ >= thread_.head()) return Pulled::wait;
    }
    return Pulled::more;
  }

 private:
  void skip_to(thread::Offset head, std::string& out) {
    JsonText json;
    json.open_object().member("from", at_.number).member("to", head.number).close_object();
    out.append("event: lag\nid: ").append(std::to_string(head.number)).append("\ndata: ").append(json.take());
    out += "\n\n";
    at_ = head;
  }

  bool wants(const std::vector<twin::Term>& types) const {
    if (wish_.types.empty()) return true;
    return std::any_of(types.begin(), types.end(), [this](twin::Term type) {
      const std::string_view iri = thread_.terms().text(type);
      return std::any_of(wish_.types.begin(), wish_.types.end(),
                         [&](const std::string& wanted) { return wanted == iri || wanted == short_name(iri); });
    });
  }

  bool may_hear(std::string_view id, const std::vector<twin::Term>& types) const {
    trust::Resource resource;
    resource.branch = wish_.branch_name;
    resource.entity_id = id;
    if (!types.empty()) resource.entity_type = thread_.terms().text(types.front());
    resource.door = "stream";
    return state_->services.gate->decide({{}, wish_.address}, trust::Action::subscribe, resource).allow;
  }

  /// Types as of the commit, so that an entity that has ended since is still told with what it was.
  std::vector<twin::Term> types_of(const Touched& touched, thread::Offset offset) const {
    auto record = thread_.snapshot(wish_.branch).find(touched.id);
    if (record && record->exists() && !touched.deleted) return record->types();
    const thread::Offset before{touched.deleted ? offset.number - 1 : offset.number};
    const auto then = thread_.snapshot_at(before, wish_.branch);
    if (!then) return {};
    record = then->find(touched.id);
    return record && record->exists() ? record->types() : std::vector<twin::Term>();
  }

  void write_attribute(JsonText& json, const twin::Fact& fact) const {
    const twin::Attribute& attribute = fact.attribute;
    json.open_object();
    if (fact.kind == twin::Fact::Kind::attribute_deleted) {
      json.member("deleted", true);
    } else {
      json.member(member_name(attribute.kind), attribute.value);
      if (attribute.unit.exists()) json.member("unitCode", thread_.terms().text(attribute.unit));
      if (attribute.observed_at.exists()) json.member("observedAt", attribute.observed_at);
    }
    if (attribute.dataset.exists()) json.member("datasetId", thread_.terms().text(attribute.dataset));
    json.close_object();
  }

  /// Instances with several datasets are a list; the one of most attributes is an object.
  void write_attributes(JsonText& json, const Touched& touched) const {
    std::vector<const twin::Fact*> left = touched.attributes;
    json.key("attributes").open_object();
    while (!left.empty()) {
      const twin::Term name = left.front()->attribute.name;
      const auto same = [name](const twin::Fact* fact) { return fact->attribute.name == name; };
      const bool is_list = std::count_if(left.begin(), left.end(), same) > 1;
      json.key(short_name(thread_.terms().text(name)));
      if (is_list) json.open_array();
      for (const twin::Fact* fact : left) {
        if (same(fact)) write_attribute(json, *fact);
      }
      if (is_list) json.close_array();
      std::erase_if(left, same);
    }
    json.close_object();
  }

  void append_event(const thread::Commit& commit, std::string& out) const {
    JsonText json;
    bool has_entity = false;
    json.open_object().member("offset", commit.offset.number).member("recordedAt", commit.recorded_at);
    json.member("branch", wish_.branch_name).key("entities").open_array();
    for (const Touched& touched : by_entity(commit)) {
      const auto types = types_of(touched, commit.offset);
      if (!wants(types) || !may_hear(touched.id, types)) continue;
      has_entity = true;
      json.open_object().member("id", touched.id).key("type").open_array();
      for (const twin::Term type : types) json.value(short_name(thread_.terms().text(type)));
      json.close_array();
      write_attributes(json, touched);
      json.member("deleted", touched.deleted).close_object();
    }
    json.close_array().close_object();
    if (!has_entity) return;
    out.append("event: change\nid: ").append(std::to_string(commit.offset.number));
    out.append("\ndata: ").append(json.take()).append("\n\n");
  }

  ApiStatePointer state_;
  thread::Thread& thread_;
  Wish wish_;
  thread::Offset at_;
  bool greeted_ = false;
  thread::Thread::Token token_;
};

Result<Wish> wish_of(const Request& request, const Reading& reading) {
  Wish wish;
  wish.branch = reading.snapshot.branch();
  wish.branch_name = request.branch().empty() ? "main" : std::string(request.branch());
  wish.after = reading.thread->head();
  wish.address = request.address();
  // What a reconnecting client heard last goes before what it first asked for.
  const auto last = request.header("Last-Event-ID");
  if (const auto from = last ? last : request.query_value("from")) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(from->data(), from->data() + from->size(), number);
    if (error != std::errc{} || end != from->data() + from->size()) {
      return fail(Code::invalid, "not an offset", last ? "Last-Event-ID" : "from");
    }
    wish.after = thread::Offset{number};
  }
  for (std::string_view rest = request.query_value("type").value_or(""); !rest.empty();) {
    const std::string_view type = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(type.size() + 1, rest.size()));
    if (!type.empty()) wish.types.emplace_back(type);
    if (wish.types.size() > types_max) return fail(Code::invalid, "more than 100 types", "type");
  }
  return wish;
}

Result<Response> open_stream(const ApiStatePointer& state, const Request& request) {
  const auto reading = reading_of(*state->services.tenants, request);
  if (!reading) return reading.error();
  auto wish = wish_of(request, *reading);
  if (!wish) return wish.error();
  Response response;
  response.content_type = "text/event-stream";
  response.header("Cache-Control", "no-store");
  response.header("X-Accel-Buffering", "no");
  response.body = std::make_unique<ChangeStream>(state, *reading->thread, std::move(*wish));
  return response;
}

}  // namespace

void add_stream_door(Router& router, const ApiStatePointer& state) {
  Route route;
  route.path = "/api/stream";
  route.action = trust::Action::subscribe;
  route.operation_id = "streamChanges";
  route.tag = "City";
  route.summary = "Changes from now on, as server-sent events";
  route.handler = answer_or_fail([state](const Request& request) { return open_stream(state, request); });
  route.parameters = {
      {Parameter::In::query, "type", "Only entities of these types, separated by commas", R"({"type":"string"})",
       false},
      {Parameter::In::query, "from", "Go on after this offset", R"({"type":"integer"})", false},
      {Parameter::In::header, "Last-Event-ID", "Go on after this offset", R"({"type":"string"})", false},
      branch_parameter()};
  route.answers = {{200, "Events `change` and `lag`", {{"text/event-stream", R"({"type":"string"})"}}}};
  router.add(std::move(route));
}

}  // namespace cityloom::serve
