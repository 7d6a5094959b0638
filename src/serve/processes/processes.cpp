// The runner of models, wired to the city.
#include "serve/processes/processes.hpp"

#include "serve/ngsi/text.hpp"
#include "serve/processes/parts.hpp"

namespace cityloom::serve {

using base::Code;
using base::fail;

std::string JobAbout::text() const {
  const Json json = {{"tenant", tenant},      {"branch", branch},   {"offset", offset.number},
                     {"start", start.text()}, {"outputs", outputs}, {"raw", is_raw}};
  return json.dump();
}

base::Result<JobAbout> JobAbout::read(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const auto wrong = [] { return fail(Code::corrupt, "what the job is about cannot be read"); };
  if (!json.is_object()) return wrong();
  try {
    JobAbout about;
    about.tenant = json.at("tenant");
    about.branch = json.at("branch");
    about.offset.number = json.at("offset");
    about.outputs = json.at("outputs").get<std::vector<std::string>>();
    about.is_raw = json.at("raw");
    const auto start = base::Instant::parse(json.at("start").get<std::string>());
    if (!start) return wrong();
    about.start = *start;
    return about;
  } catch (const Json::exception&) {
    return wrong();
  }
}

Processes::Processes(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Processes::~Processes() = default;

base::Result<std::unique_ptr<Processes>> Processes::open(ProcessServices services) {
  auto parts = std::make_unique<Parts>();
  parts->services = std::move(services);
  Parts* const raw = parts.get();
  auto runner = model::Runner::open(
      raw->services.runner, *raw->services.clock,
      [raw](const model::Job& job, model::Request& request) { return prepare_files(*raw, job, request); },
      [raw](const model::Job& job, const model::Outcome& outcome) { return write_results(*raw, job, outcome); });
  if (!runner) return runner.error();
  parts->runner = std::move(*runner);
  return std::unique_ptr<Processes>(new Processes(std::move(parts)));
}

void Processes::add_routes(Router& router) {
  add_process_routes(router, *parts_);
  add_job_routes(router, *parts_);
}

base::Result<uint64_t> number_parameter(const Request& request, std::string_view name, uint64_t otherwise,
                                        uint64_t least, uint64_t most) {
  const auto text = request.query_value(name);
  if (!text) return otherwise;
  const auto number = ngsi_ld::number_of<uint64_t>(*text);
  if (!number || *number < least || *number > most)
    return fail(Code::invalid, "not a whole number from " + std::to_string(least) + " to " + std::to_string(most),
                std::string(name));
  return *number;
}

std::string exception_type(std::string_view name) {
  return "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/" + std::string(name);
}

Response json_response(const Json& json, int status) {
  return Response::json(json.dump(-1, ' ', false, Json::error_handler_t::replace), status);
}

Response exception_response(std::string_view name, int status, const base::Error& error) {
  Json json = {{"type", exception_type(name)},
               {"title", title_of(error.code)},
               {"status", status},
               {"detail", error.remedy.empty() ? error.what : error.what + ": " + error.remedy}};
  if (!error.where.empty()) json["where"] = error.where;
  Response response = json_response(json, status);
  response.content_type = "application/problem+json";
  return response;
}

}  // namespace cityloom::serve
