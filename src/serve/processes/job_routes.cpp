// /jobs: runs that wait, run or have ended (18-062r2, 7.12, 7.13, 11, 13).
#include <algorithm>
#include <fstream>
#include <iterator>

#include "serve/api/doors.hpp"
#include "serve/ogc/links.hpp"
#include "serve/processes/parts.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using model::JobState;

constexpr std::string_view geotiff = "image/tiff; application=geotiff";
constexpr std::string_view boundary = "cityloom-part-of-a-result";

Json link_to(const std::string& href, std::string_view relation, std::string_view title) {
  return {{"href", href}, {"rel", relation}, {"type", "application/json"}, {"title", title}};
}

Response no_such_job(const Request& request) {
  return exception_response("no-such-job", 404,
                            fail(Code::not_found, "there is no such job",
                                 std::string(request.path_value("jobId").substr(0, 60)), "see /jobs"));
}

bool has_value(const Request& request, std::string_view name, std::string_view value) {
  const auto wanted = request.query_value(name);
  if (!wanted) return true;
  std::string_view rest = *wanted;
  while (true) {
    const size_t comma = std::min(rest.find(','), rest.size());
    if (rest.substr(0, comma) == value) return true;
    if (comma == rest.size()) return false;
    rest.remove_prefix(comma + 1);
  }
}

int64_t duration_s(const model::Job& job, base::Instant now) {
  if (!job.started.exists()) return 0;
  return ((job.finished.exists() ? job.finished : now).microseconds - job.started.microseconds) / 1'000'000;
}

Result<Response> list_jobs(ProcessParts& parts, const Request& request) {
  const auto limit = number_parameter(request, "limit", 100, 1, 10'000);
  if (!limit) return limit.error();
  const auto least_s = number_parameter(request, "minDuration", 0, 0, 1'000'000'000);
  if (!least_s) return least_s.error();
  const auto most_s = number_parameter(request, "maxDuration", 1'000'000'000, 0, 1'000'000'000);
  if (!most_s) return most_s.error();
  Json all = Json::array();
  const std::string origin = ogc::origin_of(request);
  const base::Instant now = parts.services.clock->now();
  for (const model::Job& job : parts.runner->jobs()) {
    const auto about = JobAbout::read(job.about);
    if (!about || about->tenant != request.tenant()) continue;
    if (!has_value(request, "processID", job.model) || !has_value(request, "status", name_of(job.state)) ||
        !has_value(request, "type", "process") ||
        !has_value(request, "branch", about->branch.empty() ? "main" : about->branch))
      continue;
    const auto taken_s = static_cast<uint64_t>(duration_s(job, now));
    if (taken_s < *least_s || taken_s > *most_s) continue;
    if (all.size() >= *limit) break;
    all.push_back(status_info(job, *about, origin));
  }
  return json_response(
      {{"jobs", std::move(all)}, {"links", {link_to(ogc::own_address(request), "self", "This page")}}});
}

Result<Response> show_job(ProcessParts& parts, const Request& request) {
  const auto found = job_of(parts, request);
  if (!found) return no_such_job(request);
  return json_response(status_info(found->first, found->second, ogc::origin_of(request)));
}

Result<Response> dismiss_job(ProcessParts& parts, const Request& request) {
  const auto found = job_of(parts, request);
  if (!found) return no_such_job(request);
  const auto dismissed = parts.runner->dismiss(found->first.id);
  if (!dismissed) return no_such_job(request);
  return json_response(status_info(*dismissed, found->second, ogc::origin_of(request)));
}

Result<Response> show_results(ProcessParts& parts, const Request& request) {
  const auto found = job_of(parts, request);
  if (!found) return no_such_job(request);
  return results_of(parts, found->first, found->second, ogc::origin_of(request));
}

Result<std::string> file_of(const model::Job& job, std::string_view name) {
  const auto outcome = model::read_outcome(job.folder);
  if (!outcome) return outcome.error();
  const bool is_its = std::ranges::any_of(outcome->rasters, [&](const auto& raster) { return raster.file == name; });
  if (!is_its) return fail(Code::not_found, "the job has no such file", std::string(name.substr(0, 100)));
  std::ifstream in(job.folder + "/" + std::string(name), std::ios::binary);
  if (!in) return fail(Code::not_found, "the file is gone", std::string(name));
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

Result<Response> show_file(ProcessParts& parts, const Request& request) {
  const auto found = job_of(parts, request);
  if (!found) return no_such_job(request);
  auto bytes = file_of(found->first, request.path_value("file"));
  if (!bytes) return bytes.error();
  return Response{200, geotiff, {}, std::move(*bytes), {}};
}

/// One output as it stands in a document: literals and lists as they are, objects told apart as such.
Json in_document(const Json& value) {
  return value.is_object() ? Json{{"value", value}} : value;
}

Json rasters_of(const model::Job& job, const JobAbout& about, const model::Outcome& outcome, const std::string& output,
                const std::string& origin) {
  Json files = Json::array();
  for (const auto& raster : outcome.rasters) {
    if (raster.output != output) continue;
    files.push_back({{"href", origin + "/jobs/" + job.id + "/results/files/" + raster.file},
                     {"type", geotiff},
                     {"time_s", raster.time_s}});
  }
  if (files.empty()) return Json::object();
  Json json = files.front();
  if (files.size() > 1) json["steps"] = std::move(files);
  if (!about.branch.empty()) json["layer"] = layer_of(job, output);
  return json;
}

bool is_map(const model::Job& job, std::string_view output) {
  const model::Model* const model = model::find_model(job.model);
  return model != nullptr && std::ranges::any_of(model->declaration.outputs, [&](const model::Output& each) {
           return each.name == output && each.kind == model::Output::Kind::raster;
         });
}

/// Outputs by name, those that were asked for.
Json outputs_of(const model::Job& job, const JobAbout& about, const model::Outcome& outcome,
                const std::string& origin) {
  Json all = Json::object();
  const model::Model* const model = model::find_model(job.model);
  if (model == nullptr) return outcome.values;
  const bool is_of_many = outcome.values.contains("runs");
  for (const model::Output& output : model->declaration.outputs) {
    if (is_of_many && output.kind != model::Output::Kind::raster) continue;
    const bool is_wanted =
        about.outputs.empty() || std::ranges::find(about.outputs, output.name) != about.outputs.end();
    if (!is_wanted) continue;
    if (output.kind == model::Output::Kind::raster) {
      Json maps = rasters_of(job, about, outcome, output.name, origin);
      if (!maps.empty()) all[output.name] = std::move(maps);  // a map that the run did not make has no layer
    } else if (output.kind == model::Output::Kind::facts) {
      all[output.name] = model::json_of(outcome).at("facts");
    } else if (const auto value = outcome.values.find(output.name); value != outcome.values.end()) {
      all[output.name] = *value;
    }
  }
  for (const char* of_many : {"runs", "summary"}) {
    if (const auto value = outcome.values.find(of_many); value != outcome.values.end()) all[of_many] = *value;
  }
  return all;
}

std::pair<std::string_view, std::string> raw_part(const Json& value) {
  if (value.is_string()) return {"text/plain; charset=utf-8", value.get<std::string>()};
  if (value.is_number() || value.is_boolean()) return {"text/plain; charset=utf-8", value.dump()};
  return {"application/json", value.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

/// As the standard has raw answers: one output is the body, several are parts of one.
Result<Response> raw_response(const model::Job& job, const Json& outputs) {
  if (outputs.size() == 1) {
    const Json& only = outputs.front();
    if (is_map(job, outputs.begin().key()) && only.contains("href") && !only.contains("steps")) {
      const std::string href = only.at("href");
      auto bytes = file_of(job, href.substr(href.rfind('/') + 1));
      if (!bytes) return bytes.error();
      return Response{200, geotiff, {}, std::move(*bytes), {}};
    }
    auto [type, body] = raw_part(only);
    return Response{200, type, {}, std::move(body), {}};
  }
  std::string body;
  for (const auto& [name, value] : outputs.items()) {
    const auto [type, text] = raw_part(value);
    body += "--" + std::string(boundary) + "\r\nContent-ID: <" + name + ">\r\nContent-Type: " + std::string(type) +
            "\r\n\r\n" + text + "\r\n";
  }
  body += "--" + std::string(boundary) + "--\r\n";
  return Response{200, "multipart/related; boundary=cityloom-part-of-a-result", {}, std::move(body), {}};
}

Route job_route(Method method, std::string path, std::string id, std::string summary, Handler handler) {
  Route route;
  route.method = method;
  route.path = std::move(path);
  route.action = method == Method::get ? trust::Action::read : trust::Action::write;
  route.operation_id = std::move(id);
  route.tag = "Processes";
  route.summary = std::move(summary);
  route.handler = std::move(handler);
  if (route.path.find("{jobId}") != std::string::npos)
    route.parameters = {{Parameter::In::path, "jobId", "The job", R"({"type":"string"})", true}};
  return route;
}

}  // namespace

Json status_info(const model::Job& job, const JobAbout& about, const std::string& origin) {
  const std::string own = origin + "/jobs/" + job.id;
  Json json = {{"jobID", job.id},
               {"processID", job.model},
               {"type", "process"},
               {"status", name_of(job.state)},
               {"progress", static_cast<int>(job.part * 100)},
               {"message", job.message},
               {"created", job.created.text()}};
  if (job.started.exists()) json["started"] = job.started.text();
  if (job.finished.exists()) json["finished"] = job.finished.text();
  if (!about.branch.empty()) json["x-branch"] = about.branch;
  json["x-offset"] = about.offset.number;
  json["links"] = {link_to(own, "self", "This job")};
  if (job.state == JobState::successful)
    json["links"].push_back(link_to(own + "/results", "http://www.opengis.net/def/rel/ogc/1.0/results", "Results"));
  return json;
}

Result<std::pair<model::Job, JobAbout>> job_of(ProcessParts& parts, const Request& request) {
  const auto job = parts.runner->find(request.path_value("jobId"));
  const auto about = job ? JobAbout::read(job->about) : Result<JobAbout>(fail(Code::not_found, "there is no such job"));
  if (!about || about->tenant != request.tenant()) return fail(Code::not_found, "there is no such job");
  return std::pair(*job, *about);
}

Result<Response> results_of(ProcessParts& parts, const model::Job& job, const JobAbout& about,
                            const std::string& origin) {
  if (job.state == JobState::accepted || job.state == JobState::running)
    return exception_response("result-not-ready", 404,
                              fail(Code::conflict, "the job has not ended", job.id, "ask again later"));
  if (job.state == JobState::dismissed)
    return exception_response("no-such-job", 410,
                              fail(Code::not_found, "the job was dismissed", job.id, "run it again"));
  const auto outcome = parts.runner->outcome(job.id);
  if (!outcome) return outcome.error();
  const Json outputs = outputs_of(job, about, *outcome, origin);
  if (about.is_raw) return raw_response(job, outputs);
  Json document = Json::object();
  for (const auto& [name, value] : outputs.items()) document[name] = is_map(job, name) ? value : in_document(value);
  return json_response(document);
}

void add_job_routes(Router& router, ProcessParts& parts) {
  router.add_schema("JobStatus", R"({"type":"object","required":["jobID","type","status"],"properties":{
    "jobID":{"type":"string"},"processID":{"type":"string"},"type":{"type":"string","enum":["process"]},
    "status":{"type":"string","enum":["accepted","running","successful","failed","dismissed"]},
    "progress":{"type":"integer","minimum":0,"maximum":100},"message":{"type":"string"},
    "created":{"type":"string","format":"date-time"},"started":{"type":"string","format":"date-time"},
    "finished":{"type":"string","format":"date-time"}}})");
  Route list = job_route(Method::get, "/jobs", "listJobs", "Runs, the youngest first",
                         answer_or_fail([&parts](const Request& request) { return list_jobs(parts, request); }));
  const std::string number = R"({"type":"integer","minimum":0})";
  list.parameters = {
      {Parameter::In::query, "processID", "Only of these processes, with commas between", R"({"type":"string"})",
       false},
      {Parameter::In::query, "status", "Only in these states, with commas between", R"({"type":"string"})", false},
      {Parameter::In::query, "type", "process", R"({"type":"string"})", false},
      {Parameter::In::query, "minDuration", "Seconds that they took at least", number, false},
      {Parameter::In::query, "maxDuration", "Seconds that they took at most", number, false},
      {Parameter::In::query, "limit", "How many at most", R"({"type":"integer","minimum":1,"maximum":10000})", false},
      branch_parameter()};
  list.blocking = true;  // the runner may be at the disk
  list.answers = {{200, "They", {{"application/json", R"({"type":"object","required":["jobs","links"]})"}}}};
  router.add(std::move(list));
  Route show = job_route(Method::get, "/jobs/{jobId}", "getJob", "How far a run is",
                         answer_or_fail([&parts](const Request& request) { return show_job(parts, request); }));
  show.answers = {{200, "It", {{"application/json", schema_reference("JobStatus")}}}};
  router.add(std::move(show));
  Route end = job_route(Method::del, "/jobs/{jobId}", "dismissJob", "Ends a run, or removes one that has ended",
                        answer_or_fail([&parts](const Request& request) { return dismiss_job(parts, request); }));
  end.answers = {{200, "It", {{"application/json", schema_reference("JobStatus")}}}};
  end.blocking = true;
  router.add(std::move(end));
  Route results = job_route(Method::get, "/jobs/{jobId}/results", "getJobResults", "What came of a run",
                            answer_or_fail([&parts](const Request& request) { return show_results(parts, request); }));
  results.blocking = true;
  results.answers = {{200,
                      "It, as it was asked for",
                      {{"application/json", ""},
                       {"text/plain; charset=utf-8", ""},
                       {"multipart/related", ""},
                       {std::string(geotiff), ""}}}};
  router.add(std::move(results));
  Route file = job_route(Method::get, "/jobs/{jobId}/results/files/{file}", "getJobFile", "A map that came of a run",
                         answer_or_fail([&parts](const Request& request) { return show_file(parts, request); }));
  file.blocking = true;
  file.parameters.push_back({Parameter::In::path, "file", "Its name", R"({"type":"string"})", true});
  file.answers = {{200, "A GeoTIFF", {{std::string(geotiff), ""}}}};
  router.add(std::move(file));
}

}  // namespace cityloom::serve
