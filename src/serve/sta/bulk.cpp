// Observations in bulk: arrays of rows, by datastream.
#include <algorithm>
#include <numeric>

#include "ngsi/json.hpp"
#include "serve/sta/writes.hpp"
#include "serve/sta/writing.hpp"

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using simdjson::dom::element;

// What became of one row: the id of its observation, or why there is none.
using RowResult = Result<std::string>;

// A row as the body of an observation.
Result<std::string> body_of(const std::vector<std::string>& components, element row) {
  simdjson::dom::array cells;
  if (row.get(cells) != simdjson::SUCCESS || cells.size() != components.size()) {
    return fail(Code::invalid, "a row has another number of values than there are components", "dataArray");
  }
  std::string body = "{";
  size_t i = 0;
  for (element cell : cells) {
    if (i > 0) body += ',';
    std::string name = components[i++];
    const bool is_link = name == "FeatureOfInterest/id" || name == "FeatureOfInterest/@iot.id";
    if (is_link) {
      body += R"("FeatureOfInterest":{"@iot.id":)" + std::string(simdjson::minify(cell)) + "}";
      continue;
    }
    ngsi::append_quoted(name, body);
    body += ":" + std::string(simdjson::minify(cell));
  }
  return body + "}";
}

Result<std::vector<std::string>> components_of(element group) {
  simdjson::dom::array names;
  std::vector<std::string> components;
  if (group["components"].get(names) != simdjson::SUCCESS) {
    return fail(Code::invalid, "must be an array of names", "components");
  }
  for (element name : names) {
    std::string_view text;
    if (name.get(text) != simdjson::SUCCESS) return fail(Code::invalid, "must be an array of names", "components");
    components.emplace_back(text);
  }
  return components;
}

// The times of rows, so that they are taken in their order.
base::Instant time_of(const std::string& body) {
  const Value time = member_of(twin::Json{body}, "phenomenonTime");
  const auto* text = std::get_if<std::string>(&time);
  if (text == nullptr) return {std::numeric_limits<int64_t>::max()};
  const auto read = read_time(*text, {});
  if (!read.ok()) return {};
  const auto* interval = std::get_if<Interval>(&*read);
  return interval != nullptr ? interval->to : std::get<base::Instant>(*read);
}

Status plan_group(Write& write, element group, std::vector<RowResult>& results) {
  const auto id = write.planner->linked(Kind::datastream, group, "Datastream");
  if (!id.ok()) return id.error();
  auto stream = write.planner->stream_of(*id);
  if (!stream.ok()) return stream.error();
  const auto components = components_of(group);
  if (!components.ok()) return components.error();
  simdjson::dom::array rows;
  if (group["dataArray"].get(rows) != simdjson::SUCCESS) return fail(Code::invalid, "must be an array", "dataArray");
  std::vector<Result<std::string>> bodies;
  std::vector<base::Instant> times;
  for (element row : rows) {
    bodies.push_back(body_of(*components, row));
    times.push_back(bodies.back().ok() ? time_of(*bodies.back()) : base::Instant());
  }
  if (results.size() + bodies.size() > planned_changes_max) {
    return fail(Code::too_large, "more than 50,000 observations at once", "dataArray", "send them in parts");
  }
  std::vector<size_t> order(bodies.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) { return times[left] < times[right]; });
  const size_t first = results.size();
  results.resize(first + bodies.size(), RowResult(std::string()));
  simdjson::dom::parser parser;
  for (const size_t row : order) {
    if (!bodies[row].ok()) {
      results[first + row] = bodies[row].error();
      continue;
    }
    element body;
    if (parser.parse(*bodies[row]).get(body) != simdjson::SUCCESS) return fail(Code::internal, "no JSON was made");
    results[first + row] = write.planner->observe(*stream, body, {});
  }
  return {};
}

Response response_of(const Write& write, const std::vector<RowResult>& results) {
  const Answering with{*write.model, write.now, root_of(*write.request)};
  std::string body = "[";
  bool is_first = true;
  for (const RowResult& row : results) {
    if (!is_first) body += ',';
    is_first = false;
    ngsi::append_quoted(row.ok() ? address_of(with, Kind::observation, *row) : "error: " + row.error().text(), body);
  }
  return Response::json(body + "]", 201);
}

void create_here(ngsi_ld::Services& services, const Request& request, Reply reply) {
  const auto write = begin(services, request, true);
  if (!write.ok()) return reply.send(problem(write.error()));
  simdjson::dom::array groups;
  if ((*write)->body.get(groups) != simdjson::SUCCESS) {
    return reply.send(
        problem(fail(Code::invalid, "the body must be an array of Datastream, components and dataArray")));
  }
  std::vector<RowResult> results;
  for (element group : groups) {
    if (const auto status = plan_group(**write, group, results); !status.ok()) {
      return reply.send(problem(status.error()));
    }
  }
  submit(*write, std::move(reply), [write = *write, results = std::move(results)](const thread::Outcomes&) {
    return response_of(*write, results);
  });
}

}  // namespace

void create_observations(ngsi_ld::Services& services, const Request& request, Reply reply) {
  run(services, request, std::move(reply), true, create_here);
}

}  // namespace cityloom::serve::sta
