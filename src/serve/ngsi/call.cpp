// Preparation of a request: what can be refused before the operation is refused here, in the order of clause 6.3.
#include "serve/ngsi/call.hpp"

#include <algorithm>
#include <array>

#include "ngsi/older_version.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/gathering.hpp"
#include "serve/ngsi/snapshots.hpp"
#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::ProblemType;

struct OptionName {
  std::string_view name;
  unsigned bit;
};
constexpr std::array<OptionName, 11> option_names = {{{"normalized", option_normalized},
                                                      {"concise", option_concise},
                                                      {"keyValues", option_simplified},
                                                      {"simplified", option_simplified},
                                                      {"sysAttrs", option_sys_attrs},
                                                      {"noOverwrite", option_no_overwrite},
                                                      {"replace", option_replace},
                                                      {"update", option_update},
                                                      {"temporalValues", option_temporal_values},
                                                      {"aggregatedValues", option_aggregated_values},
                                                      {"count", option_count}}};

unsigned option_bit(std::string_view name) {
  for (const OptionName& option : option_names) {
    if (option.name == name) return option.bit;
  }
  return 0;
}

bool more_than_one(unsigned bits) {
  return (bits & (bits - 1)) != 0;
}

// Known to the standard and not done here yet: said clearly rather than ignored, since the answer would be another.
constexpr std::array<std::string_view, 15> later_parameters = {
    "join",      "joinLevel", "containedBy",  "orderBy",     "orderDirection",     "collation",
    "orderFrom", "entityMap", "jsonKeys",     "aggrMethods", "aggrPeriodDuration", "splitEntities",
    "snapshot",  "collapse",  "orderGeometry"};

// Clause 6.3.6: an answer as an earlier version of the standard has it, where that is preferred.
void apply_version(std::string_view prefer, unsigned options, bool is_simplified, Response& response) {
  const auto version = ngsi::preferred_version(prefer);
  auto* body = std::get_if<std::string>(&response.body);
  if (!version || response.status != 200 || body == nullptr) return;
  response.header("Preference-Applied", "ngsi-ld=" + std::min(*version, ngsi::own_version).text());
  // Other documents than entities have no earlier form.
  if ((options & (option_formats | option_temporal_values)) == 0) return;
  auto older = ngsi::amended(*body, *version, is_simplified ? ngsi::EntityForm::simplified : ngsi::EntityForm::reified);
  if (!older) return;
  *body = std::move(*older);
  response.status = 203;
}

std::string quoted(std::string_view text) {
  std::string out;
  ngsi::append_quoted(text, out);
  return out;
}

// Of our doors that work as NGSI-LD does, and are not bound by its clause 6.3.
bool is_own_door(const Request& request) {
  return request.path().starts_with("/api/");
}

// Clause 6.3.4 has no body here; what is taken is told as RFC 9110 has it.
Response unsupported_media_type() {
  Response response = Response::empty(415);
  response.header("Accept", "application/json, application/ld+json");
  return response;
}

}  // namespace

int status_of(ProblemType type) {
  switch (type) {
    case ProblemType::invalid_request:
    case ProblemType::bad_request_data:
      return 400;
    case ProblemType::already_exists:
    case ProblemType::conflict:
      return 409;
    case ProblemType::operation_not_supported:
      return 422;
    case ProblemType::resource_not_found:
    case ProblemType::nonexistent_tenant:
      return 404;
    case ProblemType::too_complex_query:
    case ProblemType::too_many_results:
    case ProblemType::access_denied:
      return 403;
    case ProblemType::ld_context_not_available:
      return 504;
    case ProblemType::busy:
      return 503;
    case ProblemType::no_multi_tenant_support:
      return 501;
    case ProblemType::internal_error:
      return 500;
  }
  return 500;
}

Response problem_response(ProblemType type, const Error& error) {
  const int status = status_of(type);
  Response response{status, "application/problem+json", {}, ngsi::problem_json(type, error, status), {}};
  if (type == ProblemType::busy) response.header("Retry-After", "1");
  return response;
}

const ProblemStyle& ngsi_ld_problem_style() {
  static const ProblemStyle style = {
      [](Code code) {
        return ngsi::uri_of(ngsi::problem_of(Error{code, {}, {}, {}}));
      },
      [](Code code) {
        // What only HTTP knows keeps the table's status.
        if (code == Code::not_acceptable || code == Code::too_large || code == Code::timeout) return 0;
        return status_of(ngsi::problem_of(Error{code, {}, {}, {}}));
      }};
  return style;
}

Call::Call(Services& services, const Form& form, const Request& request, Reply reply)
    : services_(&services), form_(&form), request_(&request), reply_(std::move(reply)) {
  page_.limit = services.limit_default;
}

std::optional<std::string> Call::parameter_text(std::string_view name) const {
  const auto value = request_->query_value(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

bool Call::flag(std::string_view name) const {
  return request_->query_value(name) == "true";
}

bool Call::prepare() {
  // Clause 6.3.4: before anything else, and without a body.
  if (form_->body != Form::Body::none && !request_->header("Content-Length") && !is_own_door(*request_)) {
    reply_.send(Response::empty(411));
    return false;
  }
  if (!form_->answers.empty()) {
    const auto accepted = negotiate(request_->joined_header("Accept"), form_->answers);
    if (!accepted) {
      Response response = serve::problem({Code::not_acceptable, "no kind of body that Accept allows can be given",
                                          "Accept", "accept application/json or application/ld+json"},
                                         ngsi_ld_problem_style());
      send(std::move(response));
      return false;
    }
    answer_ = *accepted;
  }
  return check_parameters() && check_options() && check_page() && check_ids() && read_body() && find_contexts();
}

bool Call::check_parameters() {
  if (form_->any_parameter) return true;
  static constexpr std::array<std::string_view, 6> flags = {"count",     "local",     "details",
                                                            "deleteAll", "entityMap", "splitEntities"};
  for (const auto& [name, value] : request_->query_values()) {
    const bool known = std::find(form_->parameters.begin(), form_->parameters.end(), name) != form_->parameters.end();
    if (!known && std::find(later_parameters.begin(), later_parameters.end(), name) != later_parameters.end()) {
      fail(ProblemType::operation_not_supported,
           {Code::unsupported, "this parameter is not supported here yet", std::string(name), {}});
      return false;
    }
    if (!known) {
      fail(ProblemType::invalid_request,
           {Code::invalid, "this operation has no parameter of this name", std::string(name), "check its spelling"});
      return false;
    }
    const bool is_flag = std::find(flags.begin(), flags.end(), name) != flags.end();
    if (is_flag && value != "true" && value != "false") {
      fail(ProblemType::bad_request_data, {Code::invalid, "must be true or false", std::string(name), {}});
      return false;
    }
  }
  return true;
}

bool Call::check_options() {
  if (form_->any_parameter) return true;
  const auto options = request_->query_value("options");
  if (options) {
    for (const std::string_view name : split(*options, ',')) {
      const unsigned bit = option_bit(name);
      if (bit == 0 || (bit & form_->options) == 0) {
        fail(ProblemType::invalid_request,
             {Code::invalid, "this operation does not know the option " + quoted(name), "options", {}});
        return false;
      }
      options_ |= bit;
    }
  }
  if (const auto format = request_->query_value("format")) {
    const unsigned allowed = form_->options & (option_formats | option_temporal_values | option_aggregated_values);
    const unsigned bit = option_bit(*format) & allowed;
    if (bit == 0) {
      fail(ProblemType::invalid_request,
           {Code::invalid, "this operation does not know the format " + quoted(*format), "format", {}});
      return false;
    }
    // The parameter goes before the option of the same meaning.
    options_ = (options_ & ~(option_formats | option_temporal_values | option_aggregated_values)) | bit;
  }
  const unsigned formats = options_ & (option_formats | option_temporal_values | option_aggregated_values);
  if (more_than_one(formats) || more_than_one(options_ & (option_replace | option_update))) {
    fail(ProblemType::invalid_request,
         {Code::invalid, "these options exclude each other", "options", "give one of them"});
    return false;
  }
  return true;
}

bool Call::check_page() {
  if (!form_->paged) return true;
  page_.count = flag("count") || has_option(option_count);
  const auto number = [&](std::string_view name, size_t& to) {
    const auto text = request_->query_value(name);
    if (!text) return true;
    const auto value = number_of<uint32_t>(*text);
    if (!value) {
      fail(ProblemType::bad_request_data, {Code::invalid, "must be a whole number from 0", std::string(name), {}});
      return false;
    }
    to = *value;
    return true;
  };
  if (!number("limit", page_.limit) || !number("offset", page_.offset)) return false;
  if (page_.limit == 0 && !page_.count) {
    fail(ProblemType::bad_request_data, {Code::invalid, "0 is allowed only together with count=true", "limit", {}});
    return false;
  }
  if (page_.limit > services_->limit_max) {
    fail(ProblemType::too_many_results,
         {Code::too_large, "at most " + std::to_string(services_->limit_max) + " are given at once", "limit",
          "page through them with limit and offset"});
    return false;
  }
  return true;
}

bool Call::check_ids() {
  for (const std::string_view name : {"entityId", "subscriptionId", "registrationId", "snapshotId", "entityMapId"}) {
    const std::string_view id = request_->path_value(name);
    if (!id.empty() && !ngsi::is_uri(id)) {
      fail(ProblemType::bad_request_data, {Code::invalid, "an id must be a URI", std::string(id.substr(0, 200)), {}});
      return false;
    }
  }
  const std::string_view attribute = request_->path_value("attrId");
  if (!attribute.empty() && !ngsi::is_name(attribute)) {
    fail(ProblemType::bad_request_data,
         {Code::invalid, "this cannot be an attribute's name", std::string(attribute.substr(0, 200)), {}});
    return false;
  }
  return true;
}

bool Call::read_body() {
  if (form_->body == Form::Body::none) return true;
  const auto media = body_media(request_->header("Content-Type").value_or(std::string_view{}), form_->patch);
  if (!media) {
    const Error error{Code::unsupported,
                      "the body's Content-Type must be application/json or application/ld+json",
                      "Content-Type",
                      {}};
    send(is_own_door(*request_) ? serve::problem(error, own_problem_style(), 415) : unsupported_media_type());
    return false;
  }
  body_media_ = *media;
  auto body = ngsi::Body::read(request_->body());
  if (!body.ok()) {
    fail(ngsi::body_problem_of(body.error()), body.error());
    return false;
  }
  body_ = std::move(body).value();
  const bool list = form_->body == Form::Body::batch || form_->body == Form::Body::ids;
  const bool attribute = form_->body == Form::Body::attribute;
  if (list != body_->is_array() && !(attribute && body_->is_array())) {
    fail(ProblemType::bad_request_data,
         {Code::invalid, list ? "the body must be an array" : "the body must be an object", {}, {}});
    return false;
  }
  if (list && body_->items() == 0) {
    fail(ProblemType::bad_request_data, {Code::invalid, "the array is empty", {}, {}});
    return false;
  }
  return true;
}

bool Call::find_contexts() {
  const std::string header = request_->joined_header("Link");
  std::optional<std::string> link;
  if (!header.empty()) {
    auto found = context_link(header);
    if (!found.ok()) {
      fail(ProblemType::bad_request_data, found.error());
      return false;
    }
    link = std::move(found).value();
  }
  if (link) context_texts_.push_back(quoted(*link));
  if (!body_ || form_->body == Form::Body::ids || form_->body == Form::Body::document) return true;
  const bool ld = body_media_ != Media::json;
  if (ld && link) {
    fail(ProblemType::bad_request_data, {Code::invalid, "a body of application/ld+json carries its @context itself",
                                         "Link", "leave the Link header out"});
    return false;
  }
  for (size_t item = 0; item < body_->items(); ++item) {
    auto text = body_->context_json(item);
    if (text && !ld) {
      fail(ProblemType::bad_request_data,
           {Code::invalid, "a body of application/json must not hold @context", "@context",
            "send it as application/ld+json, or name the context in a Link header"});
      return false;
    }
    if (!text && ld) {
      fail(ProblemType::bad_request_data, {Code::invalid, "a body of application/ld+json must hold @context",
                                           "@context", "add it, or send application/json"});
      return false;
    }
    if (text) context_texts_.push_back(std::move(*text));
  }
  return true;
}

bool Call::contexts_ready() {
  if (context_texts_.empty()) {
    static const ngsi::ContextPointer core = ngsi::Context::core();
    contexts_.push_back(core);
    return true;
  }
  for (size_t item = 0; item < context_texts_.size(); ++item) {
    // Items of a batch mostly share one context.
    if (item > 0 && context_texts_[item] == context_texts_[item - 1]) {
      contexts_.push_back(contexts_.back());
      continue;
    }
    auto context = services_->contexts.ready(context_texts_[item]);
    if (!context) {
      contexts_.clear();
      return false;
    }
    contexts_.push_back(std::move(context));
  }
  return true;
}

bool Call::resolve_contexts(Error& error) {
  // Each item of a batch has a fate of its own (clause 5.6.7.4), where each brings a context: nullptr tells of one that
  // could not be had.
  const bool is_by_item = form_->body == Form::Body::batch && body_media_ != Media::json;
  for (const std::string& text : context_texts_) {
    auto context = services_->contexts.from_json(text);
    const bool is_missed = !context.ok() && is_by_item &&
                           ngsi::context_problem_of(context.error()) == ProblemType::ld_context_not_available;
    if (!context.ok() && !is_missed) {
      error = context.error();
      return false;
    }
    contexts_.push_back(is_missed ? nullptr : std::move(context).value());
  }
  return true;
}

std::optional<Reading> Call::reading() {
  if (const auto tenant = services_->tenants.find(request_->tenant()); !tenant.ok()) {
    const bool unknown = tenant.error().code == Code::not_found;
    fail(unknown ? ProblemType::nonexistent_tenant : ngsi::problem_of(tenant.error()), tenant.error());
    return {};
  }
  auto reading = reading_of(services_->tenants, *request_);
  if (!reading.ok()) {
    fail(reading.error());
    return {};
  }
  if (!snapshot_id()) return std::move(reading).value();
  const auto snapshot = snapshot_in(*reading->thread);
  if (!snapshot) return {};
  const bool is_past = request_->query_value("asOf").has_value();
  const thread::Thread& thread = *reading->thread;
  auto on_branch = is_past ? thread.snapshot_at(reading->snapshot.offset(), snapshot->branch)
                           : base::Result<thread::Snapshot>(thread.snapshot(snapshot->branch));
  if (!on_branch.ok()) {
    fail(on_branch.error());
    return {};
  }
  return Reading{reading->thread, *on_branch, false, snapshot->selection};
}

SnapshotPointer Call::snapshot_in(const thread::Thread& thread) {
  if (!request_->branch().empty()) {
    fail({Code::invalid, "a snapshot is a branch of its own", "branch", "leave the parameter out"});
    return nullptr;
  }
  const std::string_view id = *snapshot_id();
  if (!ngsi::is_uri(id)) {
    fail({Code::invalid, "must be the URI of a snapshot", "NGSILD-Snapshot", {}});
    return nullptr;
  }
  auto snapshot = services_->state_of(thread).snapshots->use(id);
  if (!snapshot) fail({Code::not_found, "there is no snapshot with this id", std::string(id), {}});
  return snapshot;
}

std::optional<Writing> Call::writing() {
  if (snapshot_id()) {
    const auto reading = this->reading();
    if (!reading) return {};
    const auto snapshot = snapshot_in(*reading->thread);
    if (!snapshot) return {};
    return Writing{reading->thread, snapshot->branch, snapshot->writes};
  }
  auto writing = writing_of(services_->tenants, *request_);
  if (!writing.ok()) {
    fail(writing.error());
    return {};
  }
  return std::move(writing).value();
}

std::string Call::origin() const {
  const auto host = request_->header("Host");
  return "http://" + std::string(host && !host->empty() ? *host : std::string_view("localhost"));
}

std::string Call::context_url() const {
  const ngsi::Context& used = contexts_.empty() ? *ngsi::Context::core() : *contexts_.front();
  if (!used.link().empty()) return used.link();
  return origin() + std::string(contexts_path) + services_->hosted.implicit(used.json(), request_->tenant());
}

Response Call::finished(Response response) const {
  // Clause 6.3.3.
  if (response.content_type == "application/problem+json" && !is_own_door(*request_))
    response.content_type = "application/json";
  if (request_->header("Prefer")) {
    const bool is_simplified = has_option(option_simplified);
    apply_version(request_->joined_header("Prefer"), form_->options, is_simplified, response);
  }
  if (const auto tenant = request_->header("NGSILD-Tenant")) response.header("NGSILD-Tenant", *tenant);
  if (const auto snapshot = snapshot_id()) response.header("NGSILD-Snapshot", *snapshot);
  if (gathered_) gathered_->add_warnings(response);
  return response;
}

Response Call::failure(const Error& error) const {
  return finished(problem_response(ngsi::problem_of(error), error));
}

void Call::send(Response response) {
  reply_.send(finished(std::move(response)));
}

thread::Bounds Call::bounds() const {
  thread::Bounds bounds;
  if (!is_long_) {
    bounds.records_max = parameter("georel") ? services_->quick_geometries_max : services_->quick_records_max;
  } else {
    bounds.goes_on = [this] { return reply_.is_wanted() && std::chrono::steady_clock::now() < long_until_; };
  }
  return bounds;
}

void Call::go_long(Call call, absl::AnyInvocable<void(Call)> run) {
  auto shared = std::make_shared<Call>(std::move(call));
  shared->is_long_ = true;
  shared->take_reply().run_long([shared, run = std::move(run)](Reply back) mutable {
    shared->set_reply(std::move(back));
    shared->long_until_ =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(shared->services_->query_time_max_ms);
    run(std::move(*shared));
  });
}

void Call::fail_read(const Error& error) {
  if (error.code != Code::cancelled) return fail(error);
  if (!reply_.is_wanted()) return fail({Code::busy, "the server is stopping", {}, "try again later"});
  fail({Code::too_complex,
        "this takes longer than " + std::to_string(services_->query_time_max_ms / 1'000) + " s",
        {},
        "narrow it by type, id, attrs, a place or a time"});
}

void Call::fail(const Error& error) {
  fail(ngsi::problem_of(error), error);
}

void Call::fail(ProblemType type, const Error& error) {
  send(problem_response(type, error));
}

void Call::append(Call call, const Writing& writing, std::vector<thread::Change> changes, Make make) {
  thread::ChangeSet set;
  set.branch = writing.branch;
  set.changes = std::move(changes);
  Reply reply = call.take_reply();
  AnswerOutcomes answer = [call = std::move(call),
                           make = std::move(make)](base::Result<thread::Outcomes> outcomes) mutable {
    if (!outcomes.ok()) return call.failure(outcomes.error());
    return call.finished(make(call, std::move(outcomes)));
  };
  if (writing.snapshot) {
    return writing.snapshot->append(*writing.thread, std::move(set), std::move(reply), std::move(answer));
  }
  append_and_reply(*writing.thread, std::move(set), std::move(reply), std::move(answer));
}

bool Call::continue_on(Lane& lane, void (*run)(Call)) {
  auto shared = std::make_shared<Call>(std::move(*this));
  Lane::Task task = [shared, run] { run(std::move(*shared)); };
  if (lane.post(task)) return true;
  shared->fail({Code::busy, "too many requests of this kind wait", {}, "try again later"});
  return false;
}

}  // namespace cityloom::serve::ngsi_ld
