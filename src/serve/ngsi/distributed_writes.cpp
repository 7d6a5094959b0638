// Shares of a write, and the answer made of what became of them.
#include "serve/ngsi/distributed_writes.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "ngsi/json.hpp"
#include "ngsi/merging.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::ProblemType;
using ngsi::SourceMode;
using ngsi::SourceOperation;

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Whether the source registered the entity with whatever attributes it has.
bool holds_all_of(const ngsi::Registration& registration, const SourceWrite& write) {
  ngsi::Registration whole = registration;
  std::erase_if(whole.information, [](const ngsi::RegistrationInfo& info) { return info.has_attributes(); });
  return !whole.information.empty() && ngsi::registers(whole, write.id, write.types);
}

ProblemType type_of(unsigned status, SourceOperation operation) {
  if (status == 404) return ProblemType::resource_not_found;
  if (status == 409)
    return operation == SourceOperation::create_entity || operation == SourceOperation::create_batch
               ? ProblemType::already_exists
               : ProblemType::conflict;
  if (status == 400) return ProblemType::bad_request_data;
  if (status == 401 || status == 403) return ProblemType::access_denied;
  if (status == 422) return ProblemType::operation_not_supported;
  return ProblemType::internal_error;
}

// What a source says in its problem details, cut short.
std::string detail_of(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  std::string_view text;
  if (body.size() > 64'000 || parser.parse(body).get(json) != simdjson::SUCCESS || !json.is_object()) return {};
  if (json["detail"].get(text) != simdjson::SUCCESS && json["title"].get(text) != simdjson::SUCCESS) return {};
  return ": " + std::string(text.substr(0, 300));
}

}  // namespace

base::Result<Shares> shares_of(const Call& call, const TenantState& tenant, const SourceWrite& write, const Way& way) {
  ngsi::SourceQuery query;
  query.ids = {write.id};
  for (const std::string& type : write.types) query.types.push_back({type});
  query.attributes = write.attributes;
  query.of_the_past = write.of_the_past;
  const auto sources = sources_for(call, tenant, query, way);
  if (!sources.ok()) return sources.error();
  Shares shares;
  std::vector<std::string> rest = write.attributes;
  const bool had_attributes = !rest.empty();
  bool held_elsewhere = false;
  for (const SourceMode mode : {SourceMode::exclusive, SourceMode::redirect, SourceMode::inclusive}) {
    std::vector<std::string> covered;
    for (const SourcePointer& source : *sources) {
      const ngsi::Registration& registration = source->registration();
      if (registration.mode != mode || !ngsi::registers(registration, write.id, write.types)) continue;
      SourceShare share{source, {}};
      for (const std::string& name : rest) {
        if (ngsi::registers(registration, write.id, write.types, name)) share.attributes.push_back(name);
      }
      const bool holds_all = holds_all_of(registration, write);
      if (!write.whole && share.attributes.empty() && (had_attributes || !holds_all)) continue;
      covered.insert(covered.end(), share.attributes.begin(), share.attributes.end());
      const bool can = registration.operations.has(write.operation);
      if (registration.is_proxied()) {
        shares.is_proxied = true;
        held_elsewhere = held_elsewhere || (holds_all && !write.whole);
        (can ? shares.sent : shares.refused).push_back(std::move(share));
      } else if (can) {
        shares.sent.push_back(std::move(share));
      }
    }
    if (mode == SourceMode::inclusive) break;
    for (const std::string& name : covered) {
      if (!contains(shares.taken, name)) shares.taken.push_back(name);
    }
    std::erase_if(rest, [&](const std::string& name) { return contains(covered, name); });
  }
  shares.nothing_here = held_elsewhere || (shares.is_proxied && had_attributes && rest.empty());
  return shares;
}

WriteFailure refusal_of(const SourceShare& share, SourceOperation operation) {
  const std::string& id = share.source->registration().id;
  return {
      id,
      ProblemType::conflict,
      409,
      {Code::conflict, "the source that holds this alone does not support " + std::string(name_of(operation)), id, {}},
      share.attributes};
}

std::optional<WriteFailure> failure_of(const SourceAnswer& answer, SourceOperation operation,
                                       std::vector<std::string> attributes) {
  const std::string& id = answer.source->registration().id;
  WriteFailure failure{id, ProblemType::internal_error, 503, {}, std::move(attributes)};
  if (!answer.response.ok()) {
    failure.error = {
        answer.response.error().code, "the source was not reached: " + answer.response.error().what, id, {}};
    if (answer.response.error().code == Code::timeout) failure.status = 504;
    return failure;
  }
  const unsigned status = answer.response->status;
  // What has come round is done already.
  if (status == 508 || (answer.ok() && status != 207)) return std::nullopt;
  failure.type = status == 207 ? ProblemType::conflict : type_of(status, operation);
  failure.status = status == 207 ? 409 : status >= 500 || status < 400 ? 502 : static_cast<int>(status);
  failure.error = {Code::unavailable,
                   status == 207 ? "the source did a part of it"
                                 : "the source answered " + std::to_string(status) + detail_of(answer.response->body),
                   id,
                   {}};
  return failure;
}

std::vector<std::string> types_here(const Writing& writing, std::string_view id) {
  std::vector<std::string> types;
  const auto record = writing.thread->snapshot(writing.branch).find(id);
  if (!record.ok() || !is_visible(*record)) return types;
  for (const twin::Term type : record->types()) types.emplace_back(writing.thread->terms().text(type));
  return types;
}

void pass_parameters(const Call& call, std::string& target) {
  constexpr std::array<std::string_view, 6> passed = {"options",    "format",    "lang",
                                                      "observedAt", "datasetId", "deleteAll"};
  for (const auto& [name, value] : call.request().query_values()) {
    if (std::find(passed.begin(), passed.end(), name) != passed.end()) add_parameter(target, name, value);
  }
}

namespace {

// A write on its way through its sources.
struct UnderWay {
  Call call;
  Writing writing;
  thread::Change change;
  WriteForm form;
  Shares shares;
  std::vector<WriteFailure> failures;
  size_t done = 0;
  std::vector<std::string> updated;  // attributes, by sources
};

Response success_of(const WriteForm& form) {
  if (form.location.empty()) return Response::empty();
  Response response = Response::empty(201);
  response.header("Location", form.location);
  return response;
}

// UpdateResult (clause 5.2.18), with the registration of a source that did not do its part.
Response update_result(const UnderWay& way, const thread::Outcome* here) {
  const twin::TermTable& terms = way.writing.thread->terms();
  std::vector<std::string> updated = way.updated;
  if (here != nullptr) {
    for (const twin::Term name : here->updated) updated.emplace_back(terms.text(name));
  }
  std::sort(updated.begin(), updated.end());
  updated.erase(std::unique(updated.begin(), updated.end()), updated.end());
  std::string body = R"({"updated":[)";
  for (const std::string& name : updated) {
    if (body.back() != '[') body += ',';
    ngsi::append_quoted(name, body);
  }
  body += R"(],"notUpdated":[)";
  const auto add = [&](std::string_view name, std::string_view reason, std::string_view registration) {
    body += body.back() == '[' ? R"({"attributeName":)" : R"(,{"attributeName":)";
    ngsi::append_quoted(name, body);
    body += R"(,"reason":)";
    ngsi::append_quoted(reason, body);
    if (!registration.empty()) {
      body += R"(,"registrationId":)";
      ngsi::append_quoted(registration, body);
    }
    body += '}';
  };
  if (here != nullptr) {
    for (const thread::NotUpdated& one : here->not_updated) add(terms.text(one.name), one.reason, {});
  }
  for (const WriteFailure& failure : way.failures) {
    for (const std::string& name : failure.attributes) add(name, failure.error.what, failure.registration_id);
  }
  body += "]}";
  return Response::json(std::move(body), 207);
}

// BatchOperationResult (clause 5.2.16) of one entity.
Response entity_result(const UnderWay& way) {
  std::string body = R"({"success":[)";
  if (way.done > 0) ngsi::append_quoted(way.form.write.id, body);
  body += R"(],"errors":[)";
  for (const WriteFailure& failure : way.failures) {
    body += body.back() == '[' ? R"({"entityId":)" : R"(,{"entityId":)";
    ngsi::append_quoted(way.form.write.id, body);
    if (!failure.registration_id.empty()) {
      body += R"(,"registrationId":)";
      ngsi::append_quoted(failure.registration_id, body);
    }
    body += ",\"error\":" + failure.json() + '}';
  }
  body += "]}";
  return Response::json(std::move(body), 207);
}

// The answer once all is done. `here`: what became of it here; nullptr: nothing was to be done, or it failed.
Response answer_of(UnderWay& way, const thread::Outcome* here) {
  const bool is_partial = here != nullptr && !here->not_updated.empty();
  if (way.failures.empty() && !is_partial) return success_of(way.form);
  // One answer for what all say.
  const bool is_nowhere = !way.failures.empty() &&
                          std::ranges::all_of(way.failures, [](const WriteFailure& one) { return one.status == 404; });
  const bool is_one = way.done == 0 && (way.failures.size() == 1 || is_nowhere);
  if (way.form.tells_attributes && !is_one) return update_result(way, here);
  if (is_one) {
    const WriteFailure& failure = way.failures.front();
    return {failure.status, "application/problem+json", {}, failure.json(), {}};
  }
  return entity_result(way);
}

void append_here(const std::shared_ptr<UnderWay>& way) {
  if (way->shares.nothing_here) {
    Response response = answer_of(*way, nullptr);
    return way->call.send(std::move(response));
  }
  const twin::TermTable& terms = way->writing.thread->terms();
  std::erase_if(way->change.attributes, [&](const twin::Attribute& attribute) {
    return contains(way->shares.taken, std::string(terms.text(attribute.name)));
  });
  std::vector<thread::Change> changes;
  changes.push_back(std::move(way->change));
  Call call = std::move(way->call);
  Call::append(
      std::move(call), way->writing, std::move(changes), [way](const Call&, base::Result<thread::Outcomes> outcomes) {
        const auto& outcome = outcomes->front();
        if (outcome.ok()) {
          ++way->done;
          return answer_of(*way, &*outcome);
        }
        // What is held elsewhere need not be here.
        const bool elsewhere = (way->shares.is_proxied && way->form.write.whole) || way->done > 0;
        if (!(elsewhere && outcome.error().code == Code::not_found)) {
          Error error = outcome.error();
          if (error.where.empty()) error.where = way->form.write.id;
          const ProblemType type = ngsi::problem_of(error);
          way->failures.insert(way->failures.begin(), {{}, type, status_of(type), error, way->form.write.attributes});
        }
        return answer_of(*way, nullptr);
      });
}

std::string target_of(const UnderWay& way, const SourceDress& dress) {
  std::string target = way.form.path;
  if (!way.form.attribute.empty()) target += '/' + percent_encoded(dress.compact(way.form.attribute));
  target += way.form.path_end;
  pass_parameters(way.call, target);
  return target;
}

std::vector<SourceRequest> requests_of(const UnderWay& way) {
  std::vector<SourceRequest> requests;
  for (const SourceShare& share : way.shares.sent) {
    const SourceDress dress = dress_of(way.call, *share.source);
    std::string body;
    if (way.form.has_body) {
      ngsi::ItemPart part;
      // The body of an attribute is of that attribute alone.
      if (way.form.attribute.empty())
        part.takes = [&share](std::string_view name) { return contains(share.attributes, std::string(name)); };
      part.is_attribute = !way.form.attribute.empty();
      part.other = dress.context.get();
      if (dress.inline_context) part.context_url = dress.context_url;
      body = ngsi::part_of_item(way.call.body(), 0, *way.call.context(), part);
    }
    requests.push_back({share.source, request_to(way.call, *share.source, *way.form.way, dress, way.form.method,
                                                 target_of(way, dress), std::move(body))});
  }
  return requests;
}

}  // namespace

void append_everywhere(Call call, const Writing& writing, thread::Change change, MakeWriteForm make_form,
                       Call::Make make, std::optional<Error> absent) {
  const auto only_here = [&] {
    if (absent) return call.fail(*absent);
    std::vector<thread::Change> changes;
    changes.push_back(std::move(change));
    Call::append(std::move(call), writing, std::move(changes), std::move(make));
  };
  const TenantState& tenant = call.services().state_of(*writing.thread);
  Way route;
  const Reached how_far = reached(call, tenant, route);
  if (how_far == Reached::answered) return;
  if (how_far == Reached::here) return only_here();
  WriteForm form = make_form(call, change);
  if (form.write.types.empty()) form.write.types = types_here(writing, form.write.id);
  auto shares = shares_of(call, tenant, form.write, route);
  if (!shares.ok()) return call.fail(shares.error());
  if (form.concerns) {
    const auto is_not = [&](const SourceShare& share) { return !form.concerns(share.source->registration()); };
    std::erase_if(shares->sent, is_not);
    std::erase_if(shares->refused, is_not);
  }
  if (shares->empty()) return only_here();
  shares->nothing_here = shares->nothing_here || absent;
  form.way = std::make_shared<const Way>(std::move(route));
  auto way = std::make_shared<UnderWay>(
      UnderWay{std::move(call), writing, std::move(change), std::move(form), std::move(shares).value(), {}, 0, {}});
  for (const SourceShare& share : way->shares.refused)
    way->failures.push_back(refusal_of(share, way->form.write.operation));
  way->call.services().forwarder->send(requests_of(*way), [way](std::vector<SourceAnswer> answers) {
    // Called at once where no source can do it.
    way->call.take_reply().resume([way, answers = std::move(answers)](Reply back) {
      way->call.set_reply(std::move(back));
      for (size_t i = 0; i < answers.size(); ++i) {
        const std::vector<std::string>& attributes = way->shares.sent[i].attributes;
        if (auto failure = failure_of(answers[i], way->form.write.operation, attributes)) {
          way->failures.push_back(std::move(*failure));
        } else {
          ++way->done;
          way->updated.insert(way->updated.end(), attributes.begin(), attributes.end());
        }
      }
      append_here(way);
    });
  });
}

}  // namespace cityloom::serve::ngsi_ld
