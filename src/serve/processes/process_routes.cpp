// /processes: what can be run, and running it (18-062r2, 7.9 to 7.11).
#include <absl/cleanup/cleanup.h>

#include <algorithm>
#include <thread>

#include "ngsi/body.hpp"
#include "serve/api/doors.hpp"
#include "serve/ngsi/text.hpp"
#include "serve/ogc/links.hpp"
#include "serve/processes/parts.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr int64_t wait_ms_max = 30'000;  // of who asks to wait; then told where to look
constexpr int64_t look_every_ms = 200;
constexpr int waiting_max = 2;  // of them at a time: others need the workers for long work too

Json link_to(const std::string& href, std::string_view relation, std::string_view title) {
  return {{"href", href}, {"rel", relation}, {"type", "application/json"}, {"title", title}};
}

Result<Response> list_processes(const Request& request) {
  const auto limit = number_parameter(request, "limit", 1'000, 1, 10'000);
  if (!limit) return limit.error();
  const std::string origin = ogc::origin_of(request);
  Json all = Json::array();
  for (const model::Model& each : model::known_models()) {
    if (all.size() >= *limit) break;
    Json one = model::summary_of(each.declaration);
    one["links"] = {link_to(origin + "/processes/" + each.declaration.id, "self", "Its description")};
    all.push_back(std::move(one));
  }
  return json_response({{"processes", std::move(all)},
                        {"links",
                         {link_to(ogc::own_address(request), "self", "This page"),
                          link_to(origin + "/jobs", "http://www.opengis.net/def/rel/ogc/1.0/job-list", "Jobs")}}});
}

const model::Model* model_of(const Request& request) {
  return model::find_model(request.path_value("processId"));
}

Response no_such_process(const Request& request) {
  return exception_response("no-such-process", 404,
                            fail(Code::not_found, "there is no such process",
                                 std::string(request.path_value("processId").substr(0, 60)), "see /processes"));
}

Response describe_process(const Request& request) {
  const model::Model* const model = model_of(request);
  if (model == nullptr) return no_such_process(request);
  Json json = model::description_of(model->declaration);
  const std::string own = ogc::origin_of(request) + "/processes/" + model->declaration.id;
  json["links"] = {link_to(own, "self", "This description"),
                   link_to(own + "/execution", "http://www.opengis.net/def/rel/ogc/1.0/execute", "Run it")};
  return json_response(json);
}

/// A request to execute, read but not yet looked at by the model.
struct Execution {
  Json inputs = Json::object();
  uint64_t seed = 0;
  model::Ensemble ensemble;
  std::vector<std::string> outputs;
  bool is_raw = true;
};

Result<Execution> read_execution(const model::Declaration& declaration, std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object())
    return fail(Code::invalid, "the body is not a JSON object", "", R"(send {"inputs": {"name": value, ...}})");
  Execution execution;
  for (const auto& [name, value] : json.items()) {
    if (name == "inputs" && value.is_object()) {
      execution.inputs = value;
    } else if (name == "seed" && value.is_number_unsigned()) {
      execution.seed = value.get<uint64_t>();
    } else if (name == "members" && value.is_number_unsigned()) {
      execution.ensemble.members = value.get<size_t>();
    } else if (name == "sweep" && value.is_object()) {
      execution.ensemble.sweep = value;
    } else if (name == "response" && (value == "raw" || value == "document")) {
      execution.is_raw = value == "raw";
    } else if (name == "outputs" && value.is_object()) {
      for (const auto& [output, wanted] : value.items()) {
        const bool is_known =
            std::ranges::any_of(declaration.outputs, [&](const model::Output& each) { return each.name == output; });
        if (!is_known) return fail(Code::invalid, "the process has no such output", output.substr(0, 60));
        if (wanted.is_object() && wanted.contains("transmissionMode") && wanted.at("transmissionMode") != "value")
          return fail(Code::invalid, "outputs are given by value only", output, "leave transmissionMode out");
        execution.outputs.push_back(output);
      }
    } else if (name == "subscriber") {
      return fail(Code::unsupported, "nobody is called back", name, "ask for the job's status instead");
    } else {
      return fail(Code::invalid, "not expected here, or not of this kind", name.substr(0, 60),
                  "an execution has inputs, outputs, response, seed, members and sweep");
    }
  }
  return execution;
}

/// What the runner will make files of is no path that a client names.
Result<Json> with_places(const model::Declaration& declaration, Json inputs) {
  for (const model::Input& input : declaration.inputs) {
    if (!input.is_file()) continue;
    const auto given = inputs.find(input.name);
    if (given != inputs.end()) {
      const bool is_text = input.kind == model::Input::Kind::table && given->is_string() &&
                           given->get<std::string>().find('\n') != std::string::npos;
      const bool is_features = input.kind == model::Input::Kind::features && given->is_object();
      if (!is_text && !is_features)
        return fail(
            Code::invalid, "it is sent as it is, and not by its name", input.name,
            input.kind == model::Input::Kind::features ? "send a GeoJSON object" : "send the text of a CSV file");
    } else if (input.from_city.empty()) {
      continue;
    }
    inputs[input.name] = input.name;
  }
  return inputs;
}

/// What is run is what was checked: values in the model's own units, without what stands for nothing. Files come later.
Json own_inputs(const model::Declaration& declaration, const Json& checked, Json given) {
  for (const model::Input& input : declaration.inputs) {
    if (input.is_file()) continue;
    given.erase(input.name);
    if (const auto value = checked.find(input.name); value != checked.end()) given[input.name] = *value;
  }
  return given;
}

/// The ground is made once for all runs, and no client names a file.
base::Status check_sweep(const model::Declaration& declaration, const model::Ensemble& ensemble) {
  for (const model::Input& input : declaration.inputs) {
    const bool is_fixed = input.is_file() || input.name == "area" || input.name == "cell_m" || input.name == "start";
    if (is_fixed && ensemble.sweep.contains(input.name))
      return fail(Code::invalid, "it cannot be varied", "sweep." + input.name, "vary another input");
  }
  return {};
}

/// Looks at all that is asked for, and leaves the inputs as they will be run.
base::Status check_execution(const ProcessParts& parts, const model::Model& model, Execution& execution) {
  if (auto checked = check_sweep(model.declaration, execution.ensemble); !checked) return checked;
  const auto placed = with_places(model.declaration, execution.inputs);
  if (!placed) return placed.error();
  const auto checked = model::combinations(model.declaration, *placed, execution.ensemble);
  if (!checked) return checked.error();
  execution.inputs = own_inputs(model.declaration, checked->front(), std::move(execution.inputs));
  for (const auto& [name, values] : execution.ensemble.sweep.items()) execution.inputs.erase(name);
  model::Cost all;
  for (const Json& inputs : *checked) {
    const auto each = model.cost(inputs);
    if (!each) return each.error();
    all.seconds += each->seconds * static_cast<double>(execution.ensemble.members);
    all.memory_bytes = std::max(all.memory_bytes, each->memory_bytes);
  }
  // Some go on at once, each with memory of its own.
  const size_t runs = checked->size() * execution.ensemble.members;
  all.memory_bytes *= std::min<size_t>(runs, std::max(1u, std::thread::hardware_concurrency()));
  const model::Cost* const cost = &all;
  const model::RunnerOptions& limits = parts.services.runner;
  if (cost->memory_bytes > limits.memory_bytes_max)
    return fail(Code::too_large,
                "it would take about " + std::to_string(cost->memory_bytes >> 20) +
                    " MiB of memory, and a run may take " + std::to_string(limits.memory_bytes_max >> 20),
                "inputs", "choose a smaller area or coarser cells");
  if (cost->seconds > static_cast<double>(limits.seconds_max))
    return fail(Code::too_large,
                "it would take about " + std::to_string(static_cast<int64_t>(cost->seconds)) +
                    " s, and a run may take " + std::to_string(limits.seconds_max),
                "inputs", "choose a smaller area, coarser cells or a shorter time");
  return {};
}

Result<JobAbout> about_of(const ProcessParts& parts, const Request& request, const Execution& execution) {
  const auto reading = reading_of(*parts.services.tenants, request);
  if (!reading) return reading.error();
  JobAbout about;
  about.tenant = request.tenant();
  about.branch = request.branch() == "main" ? "" : request.branch();
  about.offset = reading->snapshot.offset();
  about.start = parts.services.clock->now();
  if (const auto start = execution.inputs.find("start"); start != execution.inputs.end() && start->is_string()) {
    if (const auto given = base::Instant::parse(start->get<std::string>())) about.start = *given;
  }
  about.outputs = execution.outputs;
  about.is_raw = execution.is_raw;
  return about;
}

bool wants_to_wait(const Request& request) {
  return request.joined_header("Prefer").find("respond-async") == std::string::npos;
}

Response accepted(const model::Job& job, const JobAbout& about, const Request& request, bool is_asked_for) {
  const std::string origin = ogc::origin_of(request);
  Response response = json_response(status_info(job, about, origin), 201);
  response.header("Location", origin + "/jobs/" + job.id);
  if (is_asked_for) response.header("Preference-Applied", "respond-async");
  return response;
}

/// Waits while the client does, unless too many wait already; an answer that nobody wants any more ends the run.
Result<Response> wait_for(ProcessParts& parts, const model::Job& job, const JobAbout& about, const Request& request,
                          const Reply& reply) {
  const absl::Cleanup leave = [&] { --parts.clients_waiting; };
  const bool may_wait = ++parts.clients_waiting <= waiting_max;
  for (int64_t waited_ms = 0; may_wait && waited_ms < wait_ms_max; waited_ms += look_every_ms) {
    const auto ended = parts.runner->wait(job.id, look_every_ms);
    if (ended) return results_of(parts, *ended, about, ogc::origin_of(request));
    if (ended.error().code != Code::timeout) return ended.error();
    if (reply.is_wanted()) continue;
    if (const auto dismissed = parts.runner->dismiss(job.id); !dismissed) return dismissed.error();
    return fail(Code::cancelled, "the client has gone");
  }
  const auto now = parts.runner->find(job.id);
  return accepted(now.value_or(job), about, request, false);
}

Result<Response> execute(ProcessParts& parts, const Request& request, const Reply& reply) {
  if (const auto read = ngsi::Body::read(request.body()); !read.ok())
    return fail(Code::invalid, read.error().what, read.error().where, read.error().remedy);
  const model::Model* const model = model_of(request);
  if (model == nullptr) return no_such_process(request);
  auto execution = read_execution(model->declaration, request.body());
  if (!execution) return execution.error();
  if (auto checked = check_execution(parts, *model, *execution); !checked) return checked.error();
  const auto about = about_of(parts, request, *execution);
  if (!about) return about.error();
  const auto job = parts.runner->submit(
      {model->declaration.id, "", std::move(execution->inputs), execution->seed, 0, execution->ensemble},
      about->text());
  if (!job) return job.error();
  if (!wants_to_wait(request)) return accepted(*job, *about, request, true);
  return wait_for(parts, *job, *about, request, reply);
}

Route route_of(Method method, std::string path, std::string id, std::string summary) {
  Route route;
  route.method = method;
  route.path = std::move(path);
  route.operation_id = std::move(id);
  route.tag = "Processes";
  route.summary = std::move(summary);
  return route;
}

Response conformance() {
  Json all = Json::array({"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
                          "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json"});
  for (const char* name : {"core", "ogc-process-description", "json", "job-list", "dismiss"})
    all.push_back(std::string("http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/") + name);
  return json_response({{"conformsTo", std::move(all)}});
}

void add_execution(Router& router, ProcessParts& parts) {
  Route run = route_of(Method::post, "/processes/{processId}/execution", "executeProcess", "Runs a process");
  run.action = trust::Action::write;
  run.blocking = true;
  run.body_bytes_max = 64u << 20;
  run.handler = [&parts](const Request& request, Reply reply) {
    auto response = execute(parts, request, reply);
    if (response) return reply.send(std::move(*response));
    reply.fail(response.error());
  };
  run.parameters = {{Parameter::In::path, "processId", "The process", R"({"type":"string","examples":["echo"]})", true},
                    {Parameter::In::header, "Prefer", "respond-async: answer at once, with a job",
                     R"({"type":"string","examples":["respond-async"]})", false},
                    branch_parameter(),
                    as_of_parameter()};
  run.request_body = {{"application/json", R"({"type":"object","properties":{
    "inputs":{"type":"object","description":"By name, as the process describes them","examples":[{"number":3}]},
    "outputs":{"type":"object","description":"Those that are wanted, by name; absent: all"},
    "response":{"type":"string","enum":["raw","document"],"default":"raw"},
    "seed":{"type":"integer","minimum":0,"default":0,"description":"Of all chance in the run"},
    "members":{"type":"integer","minimum":1,"maximum":1000,"default":1,"examples":[1],
      "description":"Runs of it, with seeds that follow"},
    "sweep":{"type":"object","description":"Lists of values by input: every combination is run"}}})"}};
  run.answers = {{200,
                  "What came of it: a document, the one output that was asked for, or several as parts",
                  {{"application/json", ""},
                   {"text/plain; charset=utf-8", ""},
                   {"multipart/related", ""},
                   {"image/tiff; application=geotiff", ""}}},
                 {201, "It runs: where it can be looked at", {{"application/json", schema_reference("JobStatus")}}}};
  router.add(std::move(run));
}

}  // namespace

void add_process_routes(Router& router, ProcessParts& parts) {
  Route list = route_of(Method::get, "/processes", "listProcesses", "The models that can be run");
  list.handler = answer_or_fail(list_processes);
  list.parameters = {{Parameter::In::query, "limit", "How many at most",
                      R"({"type":"integer","minimum":1,"maximum":10000,"default":1000})", false}};
  list.answers = {{200, "They", {{"application/json", R"({"type":"object","required":["processes","links"]})"}}}};
  router.add(std::move(list));
  Route describe =
      route_of(Method::get, "/processes/{processId}", "describeProcess", "What a model needs, what it gives, its card");
  describe.handler = answer(describe_process);
  describe.parameters = {
      {Parameter::In::path, "processId", "The process", R"({"type":"string","examples":["echo"]})", true}};
  describe.answers = {{200, "It", {{"application/json", R"({"type":"object","required":["id","inputs","outputs"]})"}}}};
  router.add(std::move(describe));
  Route conforms = route_of(Method::get, "/conformance", "getConformance", "What of OGC API - Processes this is");
  conforms.handler = answer([](const Request&) { return conformance(); });
  conforms.answers = {{200, "It", {{"application/json", R"({"type":"object","required":["conformsTo"]})"}}}};
  router.add(std::move(conforms));
  add_execution(router, parts);
}

}  // namespace cityloom::serve
