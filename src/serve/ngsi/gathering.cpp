// Rounds of requests to sources, and the pages made of what they gave.
#include "serve/ngsi/gathering.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;

constexpr size_t page_entities_max = 1'000;         // asked of a source at a time
constexpr size_t page_pasts_max = 100;              // the same of entities with their past
constexpr size_t quick_answer_bytes_max = 256'000;  // of all answers, read on a connection's worker
constexpr size_t rounds_max = 20;
constexpr size_t ids_at_once = 100;            // asked of a source in one request
constexpr size_t linked_requests_max = 1'000;  // for linked entities, at a time

// One source on its way.
struct Progress {
  SourcePointer source;
  ngsi::SourceQuery query;  // narrowed to what it registered
  SourceDress dress;
  size_t index = 0;  // in Gathered
  size_t taken = 0;
  bool asked = false;
  bool done = false;
};

std::string quoted(std::string_view text) {
  std::string out;
  ngsi::append_quoted(text, out);
  return out;
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) {
    if (json.size() > 1) json += ',';
    json += quoted(text);
  }
  return json + ']';
}

// "Car,(Bus;Electric)" as the source's context has it.
std::string type_selection(const ngsi::SourceQuery& query, const SourceDress& dress) {
  std::string text;
  for (const auto& all_of : query.types) {
    if (!text.empty()) text += ',';
    if (all_of.size() == 1) {
      text += dress.compact(all_of.front());
      continue;
    }
    text += '(';
    for (const std::string& type : all_of) {
      if (text.back() != '(') text += ';';
      text += dress.compact(type);
    }
    text += ')';
  }
  return text;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& one : texts) text += text.empty() ? one : ',' + one;
  return text;
}

// A read on its way through its sources. Lives in what is under way.
class Gathering : public std::enable_shared_from_this<Gathering> {
 public:
  Gathering(Call call, Way way, Gather asked, std::shared_ptr<Gathered> gathered, Run run)
      : call_(std::move(call)),
        way_(std::move(way)),
        asked_(std::move(asked)),
        gathered_(std::move(gathered)),
        run_(std::move(run)) {
    const thread::Page& page = call_.page();
    const size_t most = call_.services().forwarder->options().entities_max;
    // To count them, or to put pieces together, all of them must be known.
    const bool needs_all = asked_.is_judged_here() || asked_.for_map || page.count;
    need_ = asked_.one ? 1 : needs_all ? most : std::min(most, page.offset + page.limit + 1);
    if (asked_.registrations) gathered_->is_of_page = true;
  }

  // An address has room for so many ids.
  void add(const SourcePointer& source, const ngsi::SourceQuery& query) {
    if (query.ids.size() <= ids_at_once) return add_part(source, query);
    ngsi::SourceQuery part = query;
    for (size_t begin = 0; begin < query.ids.size(); begin += ids_at_once) {
      const auto first = query.ids.begin() + static_cast<std::ptrdiff_t>(begin);
      part.ids.assign(first, first + static_cast<std::ptrdiff_t>(std::min(ids_at_once, query.ids.size() - begin)));
      add_part(source, part);
    }
  }

  void add_part(SourcePointer source, ngsi::SourceQuery query) {
    Progress progress{std::move(source), std::move(query), {}, sources_.size()};
    progress.dress = dress_of(call_, *progress.source);
    if (!asked_.linked) gathered_->source(progress.index);
    sources_.push_back(std::move(progress));
  }

  // Asks a source for linked entities: for many at a time if it can be queried, which takes a type or attributes.
  void add_linked(const SourcePointer& source, const std::vector<std::string>& ids) {
    const ngsi::SourceOperations& can = source->registration().operations;
    ngsi::SourceQuery query;
    query.ids = ids;
    const auto all = ngsi::narrowed(query, source->registration());
    const bool is_narrow = all && !(all->types.empty() && all->attributes.empty());
    const bool queries = can.has(ngsi::SourceOperation::query_entity) || can.has(ngsi::SourceOperation::query_batch);
    const bool together = queries && (is_narrow || !can.has(ngsi::SourceOperation::retrieve_entity));
    const size_t at_once = together ? ids_at_once : 1;
    for (size_t begin = 0; begin < ids.size(); begin += at_once) {
      const auto first = ids.begin() + static_cast<std::ptrdiff_t>(begin);
      query.ids.assign(first, first + static_cast<std::ptrdiff_t>(std::min(at_once, ids.size() - begin)));
      auto narrow = ngsi::narrowed(query, source->registration());
      if (!narrow) continue;
      if (sources_.size() == linked_requests_max) {
        gathered_->warn("199 " + source->registration().id + " " +
                        quoted("too many requests for linked entities: some were left out"));
        return;
      }
      add(source, std::move(*narrow));
    }
  }

  // Asks those that are not done for as much as is still needed of them.
  void next_round() {
    std::vector<SourceRequest> requests;
    under_way_.clear();
    for (Progress& one : sources_) {
      if (one.done) continue;
      under_way_.push_back(&one);
      requests.push_back({one.source, request_for(one), true});
    }
    if (requests.empty()) return finish();
    // A source that is slow page after page is not waited for without end.
    const bool is_late = std::chrono::steady_clock::now() >
                         begun_ + std::chrono::milliseconds(call_.services().forwarder->options().timeout_max_ms);
    if (++rounds_ > rounds_max || is_late) {
      for (const Progress* one : under_way_) {
        gathered_->warn("199 " + one->source->registration().id + " " +
                        quoted("only the first " + std::to_string(one->taken) + " entities of the source were read"));
      }
      return finish();
    }
    call_.services().forwarder->send(
        std::move(requests), [self = shared_from_this()](std::vector<SourceAnswer> answers) {
          // The past and linked entities are read where work may take long.
          const bool takes_long = self->asked_.past || self->asked_.linked || self->may_take_long(answers);
          self->may_wait_ = takes_long;
          auto task = [self, answers = std::move(answers)](Reply back) {
            self->call_.set_reply(std::move(back));
            for (size_t i = 0; i < answers.size(); ++i) self->take(*self->under_way_[i], answers[i]);
            self->next_round();
          };
          if (takes_long) {
            self->call_.take_reply().run_long(std::move(task));
          } else {
            self->call_.take_reply().resume(std::move(task));
          }
        });
  }

 private:
  // What is large, or brings contexts of its own, is not for a connection's worker.
  static bool may_take_long(const std::vector<SourceAnswer>& answers) {
    size_t bytes = 0;
    for (const SourceAnswer& answer : answers) {
      if (!answer.response.ok()) continue;
      bytes += answer.response->body.size();
      if (bytes > quick_answer_bytes_max || answer.response->body.find("\"@context\"") != std::string::npos)
        return true;
    }
    return false;
  }

  void finish() {
    call_.set_gathered(gathered_);
    run_(std::move(call_));
  }

  OutgoingRequest request_for(const Progress& one) const {
    const ngsi::SourceOperations& can = one.source->registration().operations;
    if (asked_.past) {
      if (asked_.one && can.has(ngsi::SourceOperation::retrieve_temporal)) return retrieval(one);
      return asked_.by_post ? query_by_post(one) : query_by_get(one);
    }
    const bool is_one = asked_.one && one.query.ids.size() == 1;
    if (is_one && can.has(ngsi::SourceOperation::retrieve_entity)) return retrieval(one);
    const bool by_get = can.has(ngsi::SourceOperation::query_entity);
    const bool by_post = can.has(ngsi::SourceOperation::query_batch);
    return by_post && (asked_.by_post || !by_get) ? query_by_post(one) : query_by_get(one);
  }

  OutgoingRequest retrieval(const Progress& one) const {
    std::string target = door() + "/entities/" + percent_encoded(one.query.ids.front());
    if (!one.query.attributes.empty()) add_parameter(target, "attrs", one.dress.compact(one.query.attributes));
    add_times(target);
    add_parameter(target, "options", "sysAttrs");
    return request_to(call_, *one.source, way_, one.dress, "GET", std::move(target));
  }

  std::string door() const { return asked_.past ? "/temporal" : ""; }

  // The times that are asked for, by the names of their parameters.
  std::vector<std::pair<std::string_view, std::string>> times() const {
    std::vector<std::pair<std::string_view, std::string>> times;
    if (!asked_.past) return times;
    const thread::TimeWindow& window = asked_.past->window;
    const bool has_both = window.from.exists() && window.to.exists();
    if (window.from.exists() || window.to.exists()) {
      times.emplace_back("timerel", has_both ? "between" : window.from.exists() ? "after" : "before");
      times.emplace_back("timeAt", (window.from.exists() ? window.from : window.to).text());
    }
    if (has_both) times.emplace_back("endTimeAt", window.to.text());
    constexpr std::array<std::string_view, 4> names = {"observedAt", "createdAt", "modifiedAt", "deletedAt"};
    if (window.property != thread::TimeProperty::observed_at)
      times.emplace_back("timeproperty", names.at(static_cast<size_t>(window.property)));
    return times;
  }

  void add_times(std::string& target) const {
    for (const auto& [name, value] : times()) add_parameter(target, name, value);
    if (asked_.past && asked_.past->last_n > 0) add_parameter(target, "lastN", std::to_string(asked_.past->last_n));
  }

  std::optional<std::string> condition_for(const Progress& one) const {
    const auto& q = asked_.conditions.q;
    if (!q || asked_.split) return std::nullopt;
    if (one.dress.context == call_.context()) return q;
    const auto written = ngsi::condition_in_context(*q, *call_.context(), *one.dress.context);
    return written.ok() ? std::optional(*written) : q;
  }

  void add_page(const Progress& one, std::string& target) const {
    if (asked_.linked) {
      add_parameter(target, "limit", std::to_string(one.query.ids.size()));
      if (one.taken > 0) add_parameter(target, "offset", std::to_string(one.taken));
    } else if (!asked_.one) {
      const size_t page = asked_.past && !asked_.for_map ? page_pasts_max : page_entities_max;
      add_parameter(target, "limit", std::to_string(std::min(page, need_ - one.taken)));
      if (one.taken > 0) add_parameter(target, "offset", std::to_string(one.taken));
      if (call_.page().count) add_parameter(target, "count", "true");
    }
    add_parameter(target, "options", "sysAttrs");
  }

  OutgoingRequest query_by_get(const Progress& one) const {
    std::string target = door() + "/entities";
    const ngsi::SourceQuery& query = one.query;
    if (!query.types.empty()) add_parameter(target, "type", type_selection(query, one.dress));
    if (!query.ids.empty()) add_parameter(target, "id", joined(query.ids));
    if (query.ids.empty() && asked_.conditions.id_pattern)
      add_parameter(target, "idPattern", *asked_.conditions.id_pattern);
    if (!query.attributes.empty()) add_parameter(target, "attrs", one.dress.compact(query.attributes));
    if (const auto q = condition_for(one)) add_parameter(target, "q", *q);
    const ngsi::QueryParameters& given = asked_.conditions;
    if (!asked_.split) {
      for (const auto& [name, value] :
           {std::pair("scopeQ", &given.scope_q), std::pair("georel", &given.georel),
            std::pair("geometry", &given.geometry), std::pair("coordinates", &given.coordinates),
            std::pair("geoproperty", &given.geoproperty)}) {
        if (*value) add_parameter(target, name, **value);
      }
    }
    add_times(target);
    add_page(one, target);
    return request_to(call_, *one.source, way_, one.dress, "GET", std::move(target));
  }

  OutgoingRequest query_by_post(const Progress& one) const {
    const ngsi::SourceQuery& query = one.query;
    std::string body = R"({"type":"Query","entities":[{"type":)";
    body += quoted(query.types.empty() ? "*" : type_selection(query, one.dress));
    if (query.ids.size() == 1) body += ",\"id\":" + quoted(query.ids.front());
    if (query.ids.size() > 1) body += ",\"id\":" + json_list(query.ids);
    if (query.ids.empty() && asked_.conditions.id_pattern)
      body += ",\"idPattern\":" + quoted(*asked_.conditions.id_pattern);
    body += "}]";
    if (!query.attributes.empty()) {
      std::vector<std::string> names;
      for (const std::string& name : query.attributes) names.push_back(one.dress.compact(name));
      body += ",\"attrs\":" + json_list(names);
    }
    if (const auto q = condition_for(one)) body += ",\"q\":" + quoted(*q);
    const ngsi::QueryParameters& given = asked_.conditions;
    if (!asked_.split && given.scope_q) body += ",\"scopeQ\":" + quoted(*given.scope_q);
    if (!asked_.split && given.georel && given.geometry && given.coordinates) {
      body += ",\"geoQ\":{\"georel\":" + quoted(*given.georel) + ",\"geometry\":" + quoted(*given.geometry) +
              ",\"coordinates\":" + *given.coordinates;
      if (given.geoproperty) body += ",\"geoproperty\":" + quoted(*given.geoproperty);
      body += '}';
    }
    if (asked_.past) add_temporal_query(body);
    if (one.dress.inline_context) body += ",\"@context\":" + quoted(one.dress.context_url);
    body += '}';
    std::string target = door() + "/entityOperations/query";
    add_page(one, target);
    return request_to(call_, *one.source, way_, one.dress, "POST", std::move(target), std::move(body));
  }

  void add_temporal_query(std::string& body) const {
    body += ",\"temporalQ\":{";
    for (const auto& [name, value] : times()) {
      if (body.back() != '{') body += ',';
      body += quoted(name) + ':' + quoted(value);
    }
    if (asked_.past->last_n > 0) {
      if (body.back() != '{') body += ',';
      body += "\"lastN\":" + std::to_string(asked_.past->last_n);
    }
    body += '}';
  }

  // Takes what a source answered, or says that it cannot.
  void take(Progress& one, const SourceAnswer& answer) {
    one.done = true;
    if (!answer.ok()) {
      if (one.taken > 0 && !asked_.linked) gathered_->source(one.index).complete = false;
      if (std::string warning = warning_of(answer); !warning.empty()) gathered_->warn(std::move(warning));
      return;
    }
    const OutgoingResponse& response = *answer.response;
    if (response.body.empty() && response.status == 204) return;
    const auto body = ngsi::Body::read(response.body);
    if (!body.ok()) return gathered_->warn(warning_of_content(*one.source, body.error().what));
    const size_t items = body->is_array() || !body->is_object() ? body->items() : 1;
    size_t refused = 0;
    std::string why;
    for (size_t item = 0; item < items; ++item) {
      const auto status = asked_.past ? take_past(one, *body, item, response) : take_entity(one, *body, item, response);
      if (!status.ok()) {
        ++refused;
        why = status.error().text();
      }
    }
    if (refused > 0) {
      gathered_->warn(warning_of_content(
          *one.source, std::to_string(refused) + " of " + std::to_string(items) + " entities were refused: " + why));
    }
    one.taken += items;
    const bool has_more = has_next(response);
    if (asked_.linked) {
      one.done = !has_more || items == 0;
      return;
    }
    Gathered::FromSource& from = gathered_->source(one.index);
    if (const auto count = number_of<uint64_t>(response.header("NGSILD-Results-Count"))) from.count = *count;
    const bool enough = one.taken >= need_;
    if (has_more && enough && (asked_.is_judged_here() || asked_.for_map || call_.page().count)) {
      gathered_->warn("199 " + one.source->registration().id + " " +
                      quoted("only the first " + std::to_string(need_) + " entities of the source were looked at"));
    }
    from.complete = !has_more;
    one.done = asked_.one || !has_more || enough || items == 0;
  }

  static bool has_next(const OutgoingResponse& response) {
    return std::any_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
      return same_without_case(header.first, "Link") && header.second.find("rel=\"next\"") != std::string::npos;
    });
  }

  // The context that an entity's names stand under: its own, that of the answer's Link, or the one that was sent.
  base::Result<ngsi::ContextPointer> context_of(const Progress& one, const ngsi::Body& body, size_t item,
                                                const OutgoingResponse& response) const {
    auto text = body.context_json(item);
    if (!text) {
      std::string links;
      for (const auto& [name, value] : response.headers) {
        if (same_without_case(name, "Link")) links += links.empty() ? value : ", " + value;
      }
      const auto link = links.empty() ? base::Result<std::optional<std::string>>(std::nullopt) : context_link(links);
      if (!link.ok() || !*link || **link == one.dress.context_url) return one.dress.context;
      text = quoted(**link);
    }
    if (auto ready = call_.services().contexts.ready(*text)) return ready;
    // A connection's worker does not wait: the names are read by the context that was asked for.
    if (!may_wait_) return one.dress.context;
    return call_.services().contexts.from_json(*text);
  }

  base::Status take_entity(const Progress& one, const ngsi::Body& body, size_t item, const OutgoingResponse& response) {
    const auto context = context_of(one, body, item, response);
    if (!context.ok()) return context.error();
    auto entity = ngsi::read_source_entity(body, item, **context, gathered_->terms());
    if (!entity.ok()) return entity.error();
    if (is_internal_id(entity->id)) return base::fail(Code::invalid, "this id is the server's own", entity->id);
    const ngsi::Registration& registration = one.source->registration();
    std::vector<std::string> types;
    for (const twin::Term type : entity->types) types.emplace_back(gathered_->terms().text(type));
    if (!is_asked_for(entity->id, types) || !ngsi::registers(registration, entity->id, types))
      return base::fail(Code::invalid, "the source is not registered for this entity, or it was not asked for",
                        entity->id);
    std::erase_if(entity->attributes, [&](const twin::Attribute& attribute) {
      return !ngsi::registers(registration, entity->id, types, gathered_->terms().text(attribute.name));
    });
    if (asked_.linked) {
      gathered_->add_linked(std::move(entity).value(), registration.mode == ngsi::SourceMode::auxiliary);
    } else {
      gathered_->add(one.index, registration, std::move(entity).value());
    }
    return {};
  }

  // The end of the stretch of time that an answer is complete for (clause 6.3.10); none: it is complete.
  static base::Instant end_of_range(const OutgoingResponse& response) {
    if (response.status != 206) return {};
    std::string_view range = response.header("Content-Range");
    const size_t slash = range.find('/');
    range = range.substr(0, slash);
    const size_t dash = range.rfind("Z-");
    const auto end = dash == std::string_view::npos ? base::Result<base::Instant>(base::Instant())
                                                    : base::Instant::parse(range.substr(dash + 2));
    return end.ok() ? *end : base::Instant();
  }

  bool is_in_window(const thread::PastAttribute& one) const {
    const thread::TimeWindow& window = asked_.past->window;
    const base::Instant at = ngsi::time_of(one, window.property);
    if (!at.exists()) return !window.from.exists() && !window.to.exists();
    return (!window.from.exists() || at >= window.from) && (!window.to.exists() || at < window.to);
  }

  base::Status take_past(const Progress& one, const ngsi::Body& body, size_t item, const OutgoingResponse& response) {
    const auto context = context_of(one, body, item, response);
    if (!context.ok()) return context.error();
    const ngsi::Registration& registration = one.source->registration();
    auto past =
        ngsi::read_source_past(body, item, **context, gathered_->terms(), registration.id, gathered_->instances());
    if (!past.ok()) return past.error();
    if (is_internal_id(past->id)) return base::fail(Code::invalid, "this id is the server's own", past->id);
    std::vector<std::string> types;
    for (const twin::Term type : past->types) types.emplace_back(gathered_->terms().text(type));
    if (!is_asked_for(past->id, types) || !ngsi::registers(registration, past->id, types))
      return base::fail(Code::invalid, "the source is not registered for this entity, or it was not asked for",
                        past->id);
    const auto& wanted = asked_.attributes;
    for (thread::AttributeHistory& history : past->attributes) {
      const std::string name(gathered_->terms().text(history.name));
      const bool is_scope = history.name == twin::terms::scope;
      const bool is_wanted =
          is_scope || wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
      if (!is_wanted || !ngsi::registers(registration, past->id, types, name)) history.instances.clear();
      if (!is_scope)
        std::erase_if(history.instances,
                      [this](const thread::PastAttribute& instance) { return !is_in_window(instance); });
    }
    std::erase_if(past->attributes, [](const thread::AttributeHistory& history) { return history.instances.empty(); });
    if (past->attributes.empty() && !asked_.one) return {};
    const base::Instant known_to = end_of_range(response);
    if (response.status == 206 && !known_to.exists())
      return base::fail(Code::invalid, "the source gives a part of the past and does not say which", past->id);
    const bool is_auxiliary = registration.mode == ngsi::SourceMode::auxiliary;
    return gathered_->add_past(one.index, {registration.id, std::move(past).value(), is_auxiliary, known_to});
  }

  bool is_asked_for(const std::string& id, const std::vector<std::string>& types) const {
    const ngsi::SourceQuery& query = asked_.query;
    ngsi::EntityInfo entity;
    entity.id = id;
    entity.types = types;
    return ngsi::matches(query, entity);
  }

  Call call_;
  Way way_;
  Gather asked_;
  std::shared_ptr<Gathered> gathered_;
  Run run_;
  size_t need_;
  size_t rounds_ = 0;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  bool may_wait_ = false;
  std::vector<Progress> sources_;
  std::vector<Progress*> under_way_;
};

bool can_read(const ngsi::Registration& registration, bool one, bool of_the_past) {
  const ngsi::SourceOperations& can = registration.operations;
  if (of_the_past) {
    return (one && can.has(ngsi::SourceOperation::retrieve_temporal)) || can.has(ngsi::SourceOperation::query_temporal);
  }
  return (one && can.has(ngsi::SourceOperation::retrieve_entity)) || can.has(ngsi::SourceOperation::query_entity) ||
         can.has(ngsi::SourceOperation::query_batch);
}

}  // namespace

bool gather(Call& call, const TenantState& tenant, const std::function<base::Result<Gather>()>& asked, Run run) {
  if (call.gathered()) return false;
  Way way;
  const Reached how_far = reached(call, tenant, way);
  if (how_far != Reached::beyond) return how_far == Reached::answered;
  auto gather = asked();
  // What cannot be read is refused where it is read.
  if (!gather.ok()) return false;
  const auto filter = ngsi::SourceFilter::make(gather->conditions, *call.context());
  if (!filter.ok()) return false;
  const auto sources = sources_for(call, tenant, gather->query, way);
  if (!sources.ok()) {
    call.fail(sources.error());
    return true;
  }
  // What is judged here is needed as a whole.
  if (gather->is_judged_here()) {
    gather->attributes.clear();
    if (gather->past && gather->past->last_n > 0)
      gather->past->last_n = std::max(gather->past->last_n, gather->past->limit);
  }
  ngsi::SourceQuery wanted = gather->query;
  wanted.attributes = gather->attributes;
  std::vector<std::pair<SourcePointer, ngsi::SourceQuery>> chosen;
  for (const SourcePointer& source : *sources) {
    const ngsi::Registration& registration = source->registration();
    if (!can_read(registration, gather->one, gather->past.has_value()) || !filter->matches(registration, false))
      continue;
    if (gather->registrations && !gather->registrations->contains(registration.id)) continue;
    if (auto query = ngsi::narrowed(wanted, registration)) chosen.emplace_back(source, std::move(*query));
  }
  if (chosen.empty()) return false;
  // Clause 4.23.1: an order is one of what a single broker keeps.
  if (gather->ordered) {
    call.fail({Code::invalid, "what several sources have cannot be ordered", "orderBy", "ask with local=true"});
    return true;
  }
  auto gathered = std::make_shared<Gathered>(tenant, call.context());
  auto gathering = std::make_shared<Gathering>(std::move(call), std::move(way), std::move(gather).value(),
                                               std::move(gathered), std::move(run));
  for (const auto& [source, query] : chosen) gathering->add(source, query);
  gathering->next_round();
  return true;
}

bool gives_linked(const ngsi::Registration& registration) {
  return can_read(registration, true, false);
}

bool gather_linked(Call& call, const TenantState& tenant, const std::vector<LinkedWanted>& wanted, Run run) {
  Way way;
  if (wanted.empty() || reached(call, tenant, way) != Reached::beyond) return false;
  std::shared_ptr<Gathered> gathered;
  // It is written by one worker at a time: now by this one.
  if (call.gathered() != nullptr) gathered = const_cast<Gathered*>(call.gathered())->shared_from_this();
  if (!gathered) gathered = std::make_shared<Gathered>(tenant, call.context());
  Gather asked;
  asked.one = asked.linked = true;
  std::map<std::string, std::pair<SourcePointer, std::vector<std::string>>> ids_of;  // by registration
  for (const LinkedWanted& one : wanted) {
    gathered->begin_linked(one.id);
    asked.query.ids.push_back(one.id);
    for (const SourcePointer& source : one.sources) {
      auto& of_source = ids_of[source->registration().id];
      of_source.first = source;
      of_source.second.push_back(one.id);
    }
  }
  auto gathering = std::make_shared<Gathering>(std::move(call), std::move(way), std::move(asked), std::move(gathered),
                                               std::move(run));
  for (const auto& [id, of_source] : ids_of) gathering->add_linked(of_source.first, of_source.second);
  gathering->next_round();
  return true;
}

}  // namespace cityloom::serve::ngsi_ld
