#include "model/job_folder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include "model/grid/grid_file.hpp"
#include "model/json_file.hpp"

namespace cityloom::model {
namespace {

using base::Code;
using base::fail;
using base::Result;
namespace files = std::filesystem;

base::Status write_raster(const std::string& folder, const Raster& raster) {
  GridFile like;
  like.columns = raster.columns;
  like.rows = raster.rows;
  like.west = raster.west;
  like.south = raster.south;
  like.cell_x = raster.cell_x;
  like.cell_y = raster.cell_y;
  like.system = raster.system;
  return write_grid(folder + "/" + raster_file_name(raster), like, raster.values);
}

Json json_of(const Stated& fact) {
  Json json = {{"entity", fact.entity}, {"attribute", fact.attribute}, {"value", fact.value}};
  if (!fact.unit.empty()) json["unit"] = fact.unit;
  if (fact.time_s) json["time_s"] = *fact.time_s;
  return json;
}

Stated fact_of(const Json& json) {
  Stated fact{json.at("entity"), json.at("attribute"), json.at("value"), json.value("unit", ""), {}};
  if (json.contains("time_s")) fact.time_s = json.at("time_s").get<double>();
  return fact;
}

// Files are told from the folder of the run.
Json with_paths(const Declaration& declaration, Json inputs, const std::string& folder) {
  for (const Input& input : declaration.inputs) {
    const auto found = inputs.find(input.name);
    if (!input.is_file() || found == inputs.end() || !found->is_string()) continue;
    const files::path path = found->get<std::string>();
    if (path.is_relative() && !folder.empty()) *found = (files::path(folder) / path).string();
  }
  return inputs;
}

// A kernel that throws is our mistake, and is told as one.
Result<Outcome> guarded(const Request& request, const std::string& folder, const Run& run) {
  try {
    return run_request(request, folder, run);
  } catch (const std::exception& problem) {
    return fail(Code::internal, std::string("the model failed: ") + problem.what(), request.model,
                "look at its inputs");
  }
}

}  // namespace

std::string raster_file_name(const Raster& raster) {
  return raster.time_s == 0 ? raster.output + ".tif" : fmt::format("{}-{:08.0f}.tif", raster.output, raster.time_s);
}

Result<Request> read_request(const std::string& folder) {
  const auto json = read_json(folder + "/request.json");
  if (!json) return json.error();
  Request request;
  if (!json->is_object() || !json->contains("model") || !json->at("model").is_string())
    return fail(Code::invalid, "it names no model", folder + "/request.json");
  request.model = json->at("model").get<std::string>();
  request.version = json->value("version", "");
  request.inputs = json->value("inputs", Json::object());
  request.seed = json->value("seed", uint64_t{0});
  request.workers = json->value("workers", 0u);
  request.ensemble = {json->value("sweep", Json::object()), json->value("members", size_t{1})};
  return request;
}

base::Status write_request(const std::string& folder, const Request& request) {
  return write_json(folder + "/request.json", {{"model", request.model},
                                               {"version", request.version},
                                               {"inputs", request.inputs},
                                               {"seed", request.seed},
                                               {"workers", request.workers},
                                               {"sweep", request.ensemble.sweep},
                                               {"members", request.ensemble.members}});
}

Result<Outcome> run_request(const Request& request, const std::string& folder, const Run& run) {
  const Model* const model = find_model(request.model);
  if (model == nullptr)
    return fail(Code::not_found, "there is no model \"" + request.model.substr(0, 60) + "\"", "model",
                "`cityloom model list` names them");
  if (!request.version.empty() && request.version != model->declaration.version)
    return fail(Code::conflict, "the model is of version " + model->declaration.version, request.version,
                "ask for that one, or for none");
  auto each_inputs = combinations(model->declaration, request.inputs, request.ensemble);
  if (!each_inputs) return each_inputs.error();
  for (Json& inputs : *each_inputs) inputs = with_paths(model->declaration, std::move(inputs), folder);
  auto produced = request.ensemble.is_any() ? run_ensemble(*model, *each_inputs, request.ensemble, run)
                                            : model->run(each_inputs->front(), run);
  if (!produced) return produced.error();
  Outcome outcome;
  outcome.values = std::move(produced->values);
  outcome.facts = std::move(produced->facts);
  for (const Raster& raster : produced->rasters) {
    outcome.rasters.push_back({raster.output, folder.empty() ? "" : raster_file_name(raster), raster.time_s});
    if (folder.empty()) continue;
    if (auto written = write_raster(folder, raster); !written) return written.error();
  }
  return outcome;
}

base::Status run_folder(const std::string& folder, const Run& run) {
  const auto request = read_request(folder);
  Run own = run;
  if (request) {
    own.seed = request->seed;
    own.workers = request->workers;
  }
  const auto outcome = request ? guarded(*request, folder, own) : Result<Outcome>(request.error());
  const Json result = outcome ? json_of(*outcome) : Json{{"error", json_of(outcome.error())}};
  if (auto written = write_json(folder + "/result.json", result); !written) return written;
  return outcome ? base::Status() : base::Status(outcome.error());
}

Result<Outcome> read_outcome(const std::string& folder) {
  const std::string path = folder + "/result.json";
  const auto json = read_json(path);
  if (!json) return json.error();
  try {
    if (json->contains("error")) return error_of(json->at("error"));
    Outcome outcome;
    outcome.values = json->at("values");
    for (const Json& raster : json->at("rasters"))
      outcome.rasters.push_back({raster.at("output"), raster.at("file"), raster.at("time_s")});
    for (const Json& fact : json->at("facts")) outcome.facts.push_back(fact_of(fact));
    return outcome;
  } catch (const Json::exception& problem) {
    return fail(Code::corrupt, problem.what(), path, "run it again");
  }
}

Json json_of(const Outcome& outcome) {
  Json json = {{"values", outcome.values}, {"rasters", Json::array()}, {"facts", Json::array()}};
  for (const Outcome::RasterFile& raster : outcome.rasters)
    json["rasters"].push_back({{"output", raster.output}, {"file", raster.file}, {"time_s", raster.time_s}});
  for (const Stated& fact : outcome.facts) json["facts"].push_back(json_of(fact));
  return json;
}

}  // namespace cityloom::model
