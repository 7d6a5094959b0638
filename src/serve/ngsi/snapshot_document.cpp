// The data type Snapshot written, and read back as it is kept. ETSI GS CIM 009 V1.9.1 clause 5.2.41.
#include <simdjson.h>

#include <algorithm>

#include "ngsi/represent.hpp"
#include "serve/ngsi/snapshot_document.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Instant;
using simdjson::SUCCESS;
using Element = simdjson::dom::element;

std::string_view name_of(SnapshotResult result) {
  switch (result) {
    case SnapshotResult::success:
      return "success";
    case SnapshotResult::empty:
      return "empty";
    case SnapshotResult::failure:
      break;
  }
  return "failure";
}

void append_text(const char* name, std::string_view text, std::string& to) {
  to += ",\"";
  to += name;
  to += "\":";
  ngsi::append_quoted(text, to);
}

void append_results(const char* name, const std::vector<SnapshotResult>& results, std::string& to) {
  if (results.empty()) return;
  to += ",\"";
  to += name;
  to += "\":[";
  for (const SnapshotResult result : results) {
    if (to.back() != '[') to += ',';
    to += R"({"resultStatus":")";
    to += name_of(result);
    to += "\"}";
  }
  to += ']';
}

void append_results(const NgsiSnapshot& snapshot, const char* temporal_name, std::string& to) {
  append_results("snapshotQueriesDetails", snapshot.results, to);
  append_results(temporal_name, snapshot.temporal_results, to);
}

void append_receiver_info(const std::vector<ngsi::KeyValue>& pairs, std::string& to) {
  to += '[';
  for (const ngsi::KeyValue& pair : pairs) {
    if (to.back() != '[') to += ',';
    to += R"({"key":)";
    ngsi::append_quoted(pair.key, to);
    append_text("value", pair.value, to);
    to += '}';
  }
  to += ']';
}

std::string text_in(Element json, const char* name) {
  std::string_view text;
  return json[name].get(text) == SUCCESS ? std::string(text) : std::string();
}

Instant instant_in(Element json, const char* name) {
  const auto instant = Instant::parse(text_in(json, name));
  return instant.ok() ? *instant : Instant{};
}

std::string json_in(Element json, const char* name) {
  Element found;
  return json[name].get(found) == SUCCESS ? simdjson::minify(found) : std::string();
}

std::vector<SnapshotResult> results_in(Element json, const char* name) {
  std::vector<SnapshotResult> results;
  simdjson::dom::array list;
  if (json[name].get(list) != SUCCESS) return results;
  for (const Element one : list) {
    const std::string status = text_in(one, "resultStatus");
    results.push_back(status == "success" ? SnapshotResult::success
                      : status == "empty" ? SnapshotResult::empty
                                          : SnapshotResult::failure);
  }
  return results;
}

}  // namespace

std::string_view status_of(const NgsiSnapshot& snapshot) {
  std::vector<SnapshotResult> all = snapshot.results;
  all.insert(all.end(), snapshot.temporal_results.begin(), snapshot.temporal_results.end());
  const auto has = [&all](SnapshotResult result) { return std::find(all.begin(), all.end(), result) != all.end(); };
  if (has(SnapshotResult::success)) {
    return has(SnapshotResult::empty) || has(SnapshotResult::failure) ? "partial" : "success";
  }
  return has(SnapshotResult::empty) ? "empty" : "failure";
}

void append_snapshot(const NgsiSnapshot& snapshot, std::string_view context_json, std::string& to) {
  const SnapshotForm& form = snapshot.form;
  to += R"({"id":)";
  ngsi::append_quoted(form.id, to);
  to += R"(,"type":"Snapshot")";
  if (!form.queries.empty()) to += R"(,"snapshotQueries":)" + form.queries;
  if (!form.temporal_queries.empty()) to += R"(,"snapshotTemporalQueries":)" + form.temporal_queries;
  append_text("snapshotStatus", status_of(snapshot), to);
  append_results(snapshot, "snapshotTemporalQueriesDetails", to);
  to += R"(,"snapshotPriority":)" + std::to_string(form.priority);
  if (!form.lifetime.empty()) append_text("snapshotLifetime", form.lifetime, to);
  if (!form.endpoint.empty()) append_text("endpoint", form.endpoint, to);
  if (!form.receiver_info.empty()) {
    to += R"(,"receiverInfo":)";
    append_receiver_info(form.receiver_info, to);
  }
  append_text("createdAt", snapshot.created_at.text(), to);
  append_text("modifiedAt", snapshot.modified_at.text(), to);
  append_text("expiresAt", snapshot.expires_at.text(), to);
  append_text("lastUsedAt", snapshot.last_used_at.text(), to);
  if (!context_json.empty()) {
    to += R"(,"@context":)";
    to += context_json;
  }
  to += '}';
}

std::string stored_text(const NgsiSnapshot& snapshot) {
  std::string text = R"({"branch":)";
  ngsi::append_quoted(snapshot.branch_name, text);
  text += R"(,"since":)" + std::to_string(snapshot.selection->since().number);
  text += R"(,"forkedAt":)" + std::to_string(snapshot.forked_at.number);
  append_text("selection", snapshot.asset, text);
  text += R"(,"snapshot":)";
  append_snapshot(snapshot, {}, text);
  text += '}';
  return text;
}

base::Result<std::shared_ptr<NgsiSnapshot>> restored_snapshot(std::string_view text, twin::Offset& since) {
  simdjson::dom::parser parser;
  Element json, shown;
  uint64_t since_number = 0, forked_at = 0;
  int64_t priority = 5;
  if (parser.parse(text.data(), text.size()).get(json) != SUCCESS || json["snapshot"].get(shown) != SUCCESS ||
      json["since"].get(since_number) != SUCCESS || json["forkedAt"].get(forked_at) != SUCCESS) {
    return base::fail(Code::corrupt, "a stored snapshot cannot be read");
  }
  auto snapshot = std::make_shared<NgsiSnapshot>();
  snapshot->branch_name = text_in(json, "branch");
  snapshot->forked_at = {forked_at};
  snapshot->asset = text_in(json, "selection");
  since = {since_number};
  SnapshotForm& form = snapshot->form;
  form.id = text_in(shown, "id");
  form.queries = json_in(shown, "snapshotQueries");
  form.temporal_queries = json_in(shown, "snapshotTemporalQueries");
  if (shown["snapshotPriority"].get(priority) == SUCCESS) form.priority = static_cast<int>(priority);
  form.lifetime = text_in(shown, "snapshotLifetime");
  form.endpoint = text_in(shown, "endpoint");
  simdjson::dom::array pairs;
  if (shown["receiverInfo"].get(pairs) == SUCCESS) {
    for (const Element pair : pairs) form.receiver_info.push_back({text_in(pair, "key"), text_in(pair, "value")});
  }
  snapshot->results = results_in(shown, "snapshotQueriesDetails");
  snapshot->temporal_results = results_in(shown, "snapshotTemporalQueriesDetails");
  snapshot->created_at = instant_in(shown, "createdAt");
  snapshot->modified_at = instant_in(shown, "modifiedAt");
  snapshot->expires_at = instant_in(shown, "expiresAt");
  snapshot->last_used_at = instant_in(shown, "lastUsedAt");
  return snapshot;
}

std::string snapshot_notification(const NgsiSnapshot& snapshot, std::string_view id, Instant now) {
  std::string text = R"({"id":)";
  ngsi::append_quoted(id, text);
  text += R"(,"type":"SnapshotNotification")";
  append_text("snapshotId", snapshot.form.id, text);
  append_text("notifiedAt", now.text(), text);
  append_text("snapshotStatus", status_of(snapshot), text);
  append_results(snapshot, "temporalSnapshotQueriesDetails", text);
  text += R"(,"snapshotPriority":)" + std::to_string(snapshot.form.priority);
  append_text("expiresAt", snapshot.expires_at.text(), text);
  text += '}';
  return text;
}

}  // namespace cityloom::serve::ngsi_ld
